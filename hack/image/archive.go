package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// writeArchive writes an OCI image layout as a tar file. Beside the layout's index it holds the manifest.json of `docker save`, so that every
// Docker loads it too.
func writeArchive(file, ref string, img v1.Image) error {
	content, err := archive(ref, img)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	// Renamed into place, because a node that starts meanwhile imports what it finds.
	if err := os.WriteFile(file+".part", content, 0o644); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return os.Rename(file+".part", file)
}

func archive(ref string, img v1.Image) ([]byte, error) {
	files, err := contents(ref, img)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := add(w, f.name, 0o644, f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("ending the archive: %w", err)
	}
	return out.Bytes(), nil
}

type file struct {
	name    string
	content []byte
}

func contents(ref string, img v1.Image) ([]file, error) {
	blobs, err := blobs(img)
	if err != nil {
		return nil, err
	}
	index, err := index(ref, img)
	if err != nil {
		return nil, err
	}
	// blobs are the manifest, the configuration, and the layers.
	docker := []dockerImage{{Config: blobs[1].name, RepoTags: []string{ref}}}
	for _, b := range blobs[2:] {
		docker[0].Layers = append(docker[0].Layers, b.name)
	}
	dockerManifest, err := json.Marshal(docker)
	if err != nil {
		return nil, fmt.Errorf("writing manifest.json: %w", err)
	}
	return append([]file{
		{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{"index.json", index},
		{"manifest.json", dockerManifest},
	}, blobs...), nil
}

type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func index(ref string, img v1.Image) ([]byte, error) {
	mediaType, err := img.MediaType()
	if err != nil {
		return nil, fmt.Errorf("reading the media type: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return nil, fmt.Errorf("reading the digest: %w", err)
	}
	size, err := img.Size()
	if err != nil {
		return nil, fmt.Errorf("reading the size: %w", err)
	}
	descriptor := v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size, Annotations: map[string]string{
		"io.containerd.image.name":          ref, // the whole name, which the OCI key below is not made for
		"org.opencontainers.image.ref.name": ref[tagStart(ref):],
	}}
	return json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: "application/vnd.oci.image.index.v1+json", Manifests: []v1.Descriptor{descriptor}})
}

func tagStart(ref string) int { return bytes.LastIndexByte([]byte(ref), ':') + 1 }

// blobs returns the manifest, the configuration and the layers, in that order.
func blobs(img v1.Image) ([]file, error) {
	manifest, err := img.RawManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	all := []file{{content: manifest}, {content: config}}
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("reading the layers: %w", err)
	}
	for _, l := range layers {
		content, err := compressed(l)
		if err != nil {
			return nil, err
		}
		all = append(all, file{content: content})
	}
	for i := range all {
		digest, _, err := v1.SHA256(bytes.NewReader(all[i].content))
		if err != nil {
			return nil, fmt.Errorf("summing a blob: %w", err)
		}
		all[i].name = "blobs/sha256/" + digest.Hex
	}
	return all, nil
}

func compressed(l v1.Layer) ([]byte, error) {
	r, err := l.Compressed()
	if err != nil {
		return nil, fmt.Errorf("opening a layer: %w", err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading a layer: %w", err)
	}
	return content, nil
}
