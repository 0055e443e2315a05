package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

var content = []byte("Written by the floor of a benchmark.\n")

const large = 2 * 1024 * 1024

type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

func storage() {
	endpoint := os.Getenv("OBJECT_STORAGE_MINIO_ENDPOINT")
	client, err := minio.New(endpoint, &minio.Options{
		Creds:           credentials.NewStaticV4(os.Getenv("OBJECT_STORAGE_MINIO_ACCESS_KEY_ID"), os.Getenv("OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY"), ""),
		Region:          "us-east-1",
		Secure:          os.Getenv("OBJECT_STORAGE_MINIO_USE_SSL") != "false",
		Transport:       http.DefaultTransport,
		BucketLookup:    minio.BucketLookupPath,
		TrailingHeaders: false,
	})
	done("store", err)
	prefix := fmt.Sprintf("floor/%d-%d/", os.Getpid(), time.Now().UnixNano())
	var all []func()
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "OBJECT_STORAGE_BUCKET_") || name == "OBJECT_STORAGE_BUCKET_UPLOADS_URL" {
			continue
		}
		one := bucket{client, value, prefix}
		all = append(all, func() { one.try(name == "OBJECT_STORAGE_BUCKET_UPLOADS") })
	}
	together(all...)
}

func (b bucket) try(uploads bool) {
	ctx := context.Background()
	// Each part is a flight.
	before := []func(){
		func() { b.versions() },
		func() { b.remove("none", "null") },
		func() { _, _, _, _, err := b.client.GetObjectLockConfig(ctx, b.name); b.done("lock", absent(err)) },
		func() { _, err := b.client.GetBucketLifecycle(ctx, b.name); b.done("lifecycle", absent(err)) },
		func() { _, err := b.client.GetBucketPolicy(ctx, b.name); b.done("policy", absent(err)) },
	}
	write := []func(){
		func() { b.put("read") },
		func() { b.put("delete") },
		func() { b.sendSigned(http.MethodPut, "signed", content) },
	}
	use := []func(){
		func() { b.get("read") },
		func() { b.list() },
		func() { b.sendPlain(http.MethodGet, b.urlOf("read"), nil, http.StatusForbidden) },
		func() { b.sendSigned(http.MethodGet, "signed", nil) },
		func() { b.remove("delete", "") },
	}
	if uploads {
		for range 2 {
			before = append(before, func() { b.sendPlain(http.MethodOptions, b.urlOf("read"), nil, http.StatusNoContent) })
		}
		write = append(write, func() { b.sendSigned(http.MethodPut, "large", make([]byte, large)) })
		use = append(use, func() { b.sendSigned(http.MethodHead, "large", nil) })
	}
	together(before...)
	together(write...)
	together(use...)
	// The marker and the version under it are removed one after the other.
	var markers, rest []func()
	for _, version := range b.versions() {
		remove := func() { b.remove(strings.TrimPrefix(version.Key, b.prefix), version.VersionID) }
		if version.IsDeleteMarker {
			markers = append(markers, remove)
		} else {
			rest = append(rest, remove)
		}
	}
	together(markers...)
	together(rest...)
}

func (b bucket) done(what string, err error) { done(what+" in "+b.name, err) }

// absent is no error for a setting that the bucket does not have.
func absent(err error) error {
	if minio.ToErrorResponse(err).StatusCode == http.StatusNotFound {
		return nil
	}
	return err
}

func (b bucket) urlOf(key string) *url.URL {
	return b.client.EndpointURL().JoinPath(b.name, b.prefix+key)
}

func (b bucket) put(key string) {
	_, err := b.client.PutObject(context.Background(), b.name, b.prefix+key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{DisableMultipart: true})
	b.done("write", err)
}

func (b bucket) get(key string) {
	object, err := b.client.GetObject(context.Background(), b.name, b.prefix+key, minio.GetObjectOptions{})
	if err == nil {
		defer object.Close()
		_, err = io.ReadAll(object)
	}
	b.done("read", err)
}

func (b bucket) list() {
	for object := range b.client.ListObjects(context.Background(), b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if object.Err != nil {
			b.done("list", object.Err)
		}
	}
	b.done("list", nil)
}

func (b bucket) versions() []minio.ObjectInfo {
	var found []minio.ObjectInfo
	for object := range b.client.ListObjects(context.Background(), b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true, WithVersions: true}) {
		if object.Err != nil {
			b.done("list versions", object.Err)
		}
		found = append(found, object)
	}
	b.done("list versions", nil)
	return found
}

func (b bucket) remove(key, version string) {
	b.done("remove", b.client.RemoveObject(context.Background(), b.name, b.prefix+key, minio.RemoveObjectOptions{VersionID: version}))
}

func (b bucket) sendSigned(method, key string, body []byte) {
	signed, err := b.client.Presign(context.Background(), method, b.name, b.prefix+key, 15*time.Minute, nil)
	if err != nil {
		b.done("sign", err)
	}
	b.sendPlain(method, signed, body, http.StatusOK)
}

func (b bucket) sendPlain(method string, to *url.URL, body []byte, expected int) {
	request, err := http.NewRequest(method, to.String(), bytes.NewReader(body))
	b.done("request", err)
	if method == http.MethodOptions {
		request.Header.Set("Origin", "https://"+os.Getenv("SERVER_DOMAIN"))
		request.Header.Set("Access-Control-Request-Method", http.MethodPut)
	}
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != expected {
			err = fmt.Errorf("HTTP %d", answer.StatusCode)
		}
	}
	b.done(method, err)
}
