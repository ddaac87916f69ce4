// An in-memory Redis for Argo CD's caches: miniredis, which Argo CD's own tests use too.
package main

import (
	"log"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// main serves at the address that the only argument names, such as 127.0.0.1:6379, until it is killed.
func main() {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	// Its clock stands still unless told.
	for range time.Tick(time.Second) {
		server.FastForward(time.Second)
	}
}
