// Command estargz makes an eStargz layer of the tar that its first argument names, and says the digest of its table
// of contents. Options: the file to write, the size of a chunk, and the least bytes of a gzip member.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/containerd/stargz-snapshotter/estargz"
)

func main() {
	tar, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	info, err := tar.Stat()
	if err != nil {
		log.Fatal(err)
	}
	chunk, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	least, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	layer, err := estargz.Build(io.NewSectionReader(tar, 0, info.Size()),
		estargz.WithChunkSize(chunk), estargz.WithMinChunkSize(least))
	if err != nil {
		log.Fatal(err)
	}
	defer layer.Close()
	packed, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(packed, layer); err != nil {
		log.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Print(layer.TOCDigest())
}
