package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// assemble makes an image of programs alone, of which the first is started. Its times are all 1970: an image that is built again is the same image.
func assemble(s spec, programs []file, o options) (v1.Image, error) {
	files, err := layer(programs)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }
	contents, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("packing the layer: %w", err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.Append(img, mutate.Addendum{Layer: contents, History: v1.History{CreatedBy: "hack/image " + s.name}})
	if err != nil {
		return nil, fmt.Errorf("adding the layer: %w", err)
	}
	img, err = mutate.ConfigFile(img, configured(img, s, o))
	if err != nil {
		return nil, fmt.Errorf("adding the configuration: %w", err)
	}
	return mutate.Annotations(img, annotations(s, o)).(v1.Image), nil
}

func configured(img v1.Image, s spec, o options) *v1.ConfigFile {
	config, err := img.ConfigFile()
	if err != nil {
		config = &v1.ConfigFile{}
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", o.arch
	config.Config.Entrypoint = []string{"/" + s.name}
	config.Config.User = s.user
	config.Config.WorkingDir = "/"
	config.Config.Labels = annotations(s, o)
	return config
}

// annotations are the keys of the OCI image specification; they stand in the configuration as labels too, which Docker shows.
func annotations(s spec, o options) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    s.title,
		"org.opencontainers.image.version":  o.version,
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.source":   "https://github.com/nodeaudit/nodeaudit",
		"org.opencontainers.image.vendor":   "nodeaudit",
	}
}

// layer is a tar archive with executable files at the root.
func layer(programs []file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, p := range programs {
		if err := add(w, p.name, 0o755, p.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("ending the layer: %w", err)
	}
	return out.Bytes(), nil
}

func add(w *tar.Writer, name string, mode int64, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content)), Format: tar.FormatPAX}); err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	return nil
}

func compressedSize(img v1.Image) (int64, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return 0, fmt.Errorf("reading the manifest: %w", err)
	}
	size := manifest.Config.Size
	for _, l := range manifest.Layers {
		size += l.Size
	}
	return size, nil
}
