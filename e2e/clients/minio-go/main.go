// Uses minio-go, the library of mc, restic and many others, with its default settings but for the endpoint and the keys.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"
)

const name = "names/ünï cøde & (spaces)/+plus=%25 #?~.txt"

var (
	bucket = os.Getenv("BUCKET")
	folder = os.Getenv("FOLDER")
	ctx    = context.Background()
	failed bool
)

func main() {
	endpoint, err := url.Parse(os.Getenv("ENDPOINT"))
	must(err)
	keys := credentials.NewStaticV4(os.Getenv("ACCESS_KEY"), os.Getenv("SECRET_KEY"), "")
	client, err := minio.New(endpoint.Host, &minio.Options{Creds: keys})
	must(err)
	// As mc makes it.
	trailing, err := minio.New(endpoint.Host, &minio.Options{Creds: keys, TrailingHeaders: true})
	must(err)
	small, err := os.ReadFile("small")
	must(err)
	large, err := os.ReadFile("large")
	must(err)

	check("makes, lists and removes a bucket", func() {
		must(client.MakeBucket(ctx, bucket+"-made", minio.MakeBucketOptions{}))
		exists, err := client.BucketExists(ctx, bucket+"-made")
		must(err)
		expect(exists, "the bucket is not there")
		must(client.RemoveBucket(ctx, bucket+"-made"))
		exists, err = client.BucketExists(ctx, bucket+"-made")
		must(err)
		expect(!exists, "the bucket is still there")
	})

	check("puts, stats and gets", func() {
		options := minio.PutObjectOptions{
			ContentType:  "text/plain",
			UserMetadata: map[string]string{"colour": "blue"},
			UserTags:     map[string]string{"team": "a b"},
		}
		_, err := client.PutObject(ctx, bucket, name, bytes.NewReader(small), int64(len(small)), options)
		must(err)
		same(small, onDisk(name))
		info, err := client.StatObject(ctx, bucket, name, minio.StatObjectOptions{})
		must(err)
		expect(info.UserMetadata["Colour"] == "blue" && info.ContentType == "text/plain", fmt.Sprint(info))
		same(small, get(client, name))
		found, err := client.GetObjectTagging(ctx, bucket, name, minio.GetObjectTaggingOptions{})
		must(err)
		expect(found.ToMap()["team"] == "a b", found.String())
		changed, err := tags.NewTags(map[string]string{"x": "y"}, true)
		must(err)
		must(client.PutObjectTagging(ctx, bucket, name, changed, minio.PutObjectTaggingOptions{}))
		var ranged minio.GetObjectOptions
		must(ranged.SetRange(10, 19))
		object, err := client.GetObject(ctx, bucket, name, ranged)
		must(err)
		part, err := io.ReadAll(object)
		must(err)
		same(small[10:20], part)
	})

	check("uploads a file in parts", func() {
		_, err := client.FPutObject(ctx, bucket, "large.bin", "large", minio.PutObjectOptions{})
		must(err)
		same(large, onDisk("large.bin"))
		must(client.FGetObject(ctx, bucket, "large.bin", "got", minio.GetObjectOptions{}))
		got, err := os.ReadFile("got")
		must(err)
		same(large, got)
		info, err := client.StatObject(ctx, bucket, "large.bin", minio.StatObjectOptions{})
		must(err)
		expect(strings.HasSuffix(info.ETag, "-2"), info.ETag)
	})

	check("uploads a stream of unknown length, and with each checksum", func() {
		_, err := client.PutObject(ctx, bucket, "stream.bin", io.MultiReader(bytes.NewReader(large)), -1,
			minio.PutObjectOptions{PartSize: 8 << 20})
		must(err)
		same(large, onDisk("stream.bin"))
		all := []minio.ChecksumType{minio.ChecksumCRC32, minio.ChecksumCRC32C, minio.ChecksumCRC64NVME,
			minio.ChecksumSHA1, minio.ChecksumSHA256, minio.ChecksumFullObjectCRC32, minio.ChecksumFullObjectCRC32C}
		for _, checksum := range all {
			key := "checksums/" + checksum.String()
			_, err := trailing.PutObject(ctx, bucket, key, bytes.NewReader(large), int64(len(large)),
				minio.PutObjectOptions{Checksum: checksum})
			must(err)
			same(large, onDisk(key))
			_, err = trailing.PutObject(ctx, bucket, key, bytes.NewReader(small), int64(len(small)),
				minio.PutObjectOptions{Checksum: checksum})
			must(err)
			same(small, onDisk(key))
		}
	})

	check("copies and composes", func() {
		_, err := client.CopyObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "copy of it"},
			minio.CopySrcOptions{Bucket: bucket, Object: name})
		must(err)
		same(small, onDisk("copy of it"))
		_, err = client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "composed"},
			minio.CopySrcOptions{Bucket: bucket, Object: "large.bin"},
			minio.CopySrcOptions{Bucket: bucket, Object: "copy of it"})
		must(err)
		same(append(append([]byte{}, large...), small...), onDisk("composed"))
	})

	check("lists", func() {
		for _, version1 := range []bool{false, true} {
			var names []string
			options := minio.ListObjectsOptions{Recursive: true, MaxKeys: 2, UseV1: version1}
			for object := range client.ListObjects(ctx, bucket, options) {
				must(object.Err)
				names = append(names, object.Key)
			}
			expect(len(names) == 10, fmt.Sprint(names))
		}
		for upload := range client.ListIncompleteUploads(ctx, bucket, "", true) {
			panic(fmt.Sprint(upload))
		}
	})

	check("presigns get, put, head and a form", func() {
		link, err := client.PresignedGetObject(ctx, bucket, name, time.Minute, nil)
		must(err)
		same(small, send(http.MethodGet, link, nil, "", 200))
		link, err = client.PresignedPutObject(ctx, bucket, "signed ü", time.Minute)
		must(err)
		send(http.MethodPut, link, bytes.NewReader(small), "", 200)
		same(small, onDisk("signed ü"))
		link, err = client.PresignedHeadObject(ctx, bucket, name, time.Minute, nil)
		must(err)
		send(http.MethodHead, link, nil, "", 200)
		policy := minio.NewPostPolicy()
		must(policy.SetBucket(bucket))
		must(policy.SetKeyStartsWith("posted/"))
		must(policy.SetExpires(time.Now().Add(time.Minute)))
		must(policy.SetContentLengthRange(1, 10_000))
		link, fields, err := client.PresignedPostPolicy(ctx, policy)
		must(err)
		fields["key"] = "posted/it"
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for field, value := range fields {
			must(form.WriteField(field, value))
		}
		file, err := form.CreateFormFile("file", "it")
		must(err)
		_, err = file.Write(small)
		must(err)
		must(form.Close())
		send(http.MethodPost, link, &body, form.FormDataContentType(), 204)
		same(small, onDisk("posted/it"))
	})

	check("deletes one and many", func() {
		must(client.RemoveObject(ctx, bucket, name, minio.RemoveObjectOptions{}))
		objects := client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true})
		for removed := range client.RemoveObjects(ctx, bucket, objects, minio.RemoveObjectsOptions{}) {
			must(removed.Err)
		}
		for object := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
			panic(object.Key)
		}
	})

	if failed {
		os.Exit(1)
	}
}

func check(what string, action func()) {
	defer func() {
		if problem := recover(); problem != nil {
			failed = true
			fmt.Printf("not ok minio-go: %s\n    %v\n", what, problem)
			return
		}
		fmt.Printf("ok minio-go: %s\n", what)
	}()
	action()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(condition bool, message string) {
	if !condition {
		panic(message)
	}
}

func same(want, got []byte) {
	if !bytes.Equal(want, got) {
		panic(fmt.Sprintf("%d bytes are not the %d bytes expected", len(got), len(want)))
	}
}

func onDisk(key string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, key))
	must(err)
	return data
}

func get(client *minio.Client, key string) []byte {
	object, err := client.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	must(err)
	defer object.Close()
	data, err := io.ReadAll(object)
	must(err)
	return data
}

func send(method string, link *url.URL, body io.Reader, contentType string, status int) []byte {
	request, err := http.NewRequest(method, link.String(), body)
	must(err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(request)
	must(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	must(err)
	expect(answer.StatusCode == status, fmt.Sprintf("%s: %s", answer.Status, data))
	return data
}
