package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func testImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := assemble(specs[0], []file{{"controller", []byte("a program")}}, options{arch: "amd64", version: "v0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestTheControllerDoesNotRunAsRoot(t *testing.T) {
	config, err := testImage(t).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || config.Config.Entrypoint[0] != "/controller" || config.OS != "linux" {
		t.Errorf("config is %+v of %s", config.Config, config.OS)
	}
}

func TestTheArchiveIsTheSameWhenMadeAgain(t *testing.T) {
	first, err := archive("localhost/nodeaudit/controller:dev", testImage(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := archive("localhost/nodeaudit/controller:dev", testImage(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two archives of one image differ")
	}
}

func TestTheArchiveHoldsEveryBlobThatItNames(t *testing.T) {
	content, err := archive("localhost/nodeaudit/controller:dev", testImage(t))
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, content)
	var index v1.IndexManifest
	unmarshal(t, files["index.json"], &index)
	if got := index.Manifests[0].Annotations["io.containerd.image.name"]; got != "localhost/nodeaudit/controller:dev" {
		t.Errorf("containerd would call it %q", got)
	}
	var docker []dockerImage
	unmarshal(t, files["manifest.json"], &docker)
	for _, blob := range append([]string{"blobs/sha256/" + index.Manifests[0].Digest.Hex, docker[0].Config}, docker[0].Layers...) {
		digest, _, err := v1.SHA256(bytes.NewReader(files[blob]))
		if err != nil || !strings.HasSuffix(blob, digest.Hex) {
			t.Errorf("%s holds something else (%s, %v)", blob, digest, err)
		}
	}
}

func TestAPushedImageIsValidAndTheSame(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/nodeaudit/controller:dev"
	img := testImage(t)
	if err := push(t.Context(), ref, img); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(pulled); err != nil {
		t.Error(err)
	}
	want, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pulled.Digest(); err != nil || got != want {
		t.Errorf("pulled %s, %v; want %s", got, err, want)
	}
}

func unpack(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(content))
	for {
		header, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func unmarshal(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}
