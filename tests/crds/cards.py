"""Manifests as large as the cards of real models (openai/whisper-large-v3, intfloat/multilingual-e5-large)."""

from tests.crds.manifests import Manifest, model_artifact, model_version, registered_model

WHISPER_LANGUAGES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs "
    "ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk "  # codespell:ignore te
    "br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu "
    "am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su"  # codespell:ignore fo
)
RESULT_ROW = "| MTEB some-task (test) | main_score | 0.7342 |\n"
PRESIGNED = "https://models.s3.eu-central-1.amazonaws.com/churn/model.onnx?X-Amz-Security-Token=" + "a" * 2400

CARDS: dict[str, Manifest] = {
    "99 languages": registered_model(
        name="openai/whisper-large-v3",
        license="apache-2.0",
        libraryName="transformers",
        tasks=["automatic-speech-recognition"],
        language=WHISPER_LANGUAGES.split(),
    ),
    "200 settings of a training run": model_version(
        customProperties={f"train.setting_{number:03}": {"double": number / 7} for number in range(200)}
    ),
    "benchmark tables of 200,000 characters": registered_model(readme=RESULT_ROW * (200_000 // len(RESULT_ROW))),
    "the authors of a paper": model_version(author=", ".join(f"Given{n} Family{n}" for n in range(20))),
    "a description of 10,000 characters": model_version(description="Intended use and limits. " * 400),
    "a presigned address": model_artifact(uri=PRESIGNED, storagePath=PRESIGNED),
    "a presigned address of an inline artifact": model_version(
        artifacts=[{"name": "onnx", "uri": PRESIGNED, "storagePath": PRESIGNED}]
    ),
    "a logo inside the manifest": registered_model(logo="data:image/png;base64," + "A" * 100_000),
    "the text of a licence's name": registered_model(license="Licence of several parties, " * 20),
}
"""By what is large in them."""
