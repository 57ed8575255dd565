// Image makes the project's container images without Docker: it builds static programs and puts each alone into an image on scratch.
//
// Names of images come in (default: all of the product's), and for each an archive NAME.tar goes out, which Docker, containerd and podman
// load; with -push the image goes to its registry instead. The same sources and versions give the same bytes. It runs no image and needs no
// daemon.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

type options struct {
	root     string
	out      string
	registry string
	tag      string
	version  string
	arch     string
	push     bool
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "../..", "the project's folder")
	flag.StringVar(&o.out, "out", "../../.local/images", "the folder that the archives go to")
	flag.StringVar(&o.registry, "registry", "localhost/nodeaudit", "registry and path in front of every image's name")
	flag.StringVar(&o.tag, "tag", "dev", "tag of the images")
	flag.StringVar(&o.version, "version", "dev", "version that the programs call themselves")
	flag.StringVar(&o.arch, "arch", "amd64", "processor architecture, as Go names it")
	flag.BoolVar(&o.push, "push", false, "push to the registry, with the credentials of `docker login`, instead of writing archives")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, names []string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	for _, s := range chosen {
		if err := o.produce(ctx, s); err != nil {
			return fmt.Errorf("making image %s: %w", s.name, err)
		}
	}
	return nil
}

func (o options) produce(ctx context.Context, s spec) error {
	programs, err := build(ctx, o, s)
	if err != nil {
		return err
	}
	img, err := assemble(s, programs, o)
	if err != nil {
		return err
	}
	ref := fmt.Sprintf("%s/%s:%s", o.registry, s.name, o.tag)
	size, err := compressedSize(img)
	if err != nil {
		return err
	}
	where := filepath.Join(o.out, s.name+".tar")
	if o.push {
		where = "pushed"
		err = push(ctx, ref, img)
	} else {
		err = writeArchive(where, ref, img)
	}
	if err != nil {
		return err
	}
	fmt.Printf("image: %-32s program %5.1f MB, compressed %5.1f MB (%s)\n", ref, megabytes(total(programs)), megabytes(size), filepath.Base(where))
	return nil
}

func total(programs []file) int64 {
	sum := int64(0)
	for _, p := range programs {
		sum += int64(len(p.content))
	}
	return sum
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
