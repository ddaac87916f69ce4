"""An operator that replaces the tokens of ServiceAccounts early: ``impatient.py PART SECONDS run …``.

The API server issues no token for less than ten minutes. PART of its life is what the operator waits for, and SECONDS
pass before it replaces one that the registry refuses.
"""

import sys

from registrar.cli import main
from registrar.registries import account_token

if __name__ == "__main__":
    part, seconds, *arguments = sys.argv[1:]
    account_token.RENEWED_AT, account_token.MIN_AGE_SECONDS = float(part), float(seconds)
    sys.argv[1:] = arguments
    main()
