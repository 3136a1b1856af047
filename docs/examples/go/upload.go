// go run upload.go ADDRESS PARENT PICTURE: uploads a picture and deletes it again.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	polyptych "example.com/pictures/polyptychv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

const chunk = 256 * 1024

// requestID is kept for repetitions of a call, so that nothing is done twice.
func requestID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	return hex.EncodeToString(id)
}

// upload sends metadata first, then the file in chunks.
func upload(ctx context.Context, images polyptych.ImageServiceClient, metadata *polyptych.UploadImageMetadata, picture io.Reader) (*polyptych.UploadImageResponse, error) {
	stream, err := images.UploadImage(ctx)
	if err != nil {
		return nil, err
	}
	first := &polyptych.UploadImageRequest_Metadata{Metadata: metadata}
	err = stream.Send(&polyptych.UploadImageRequest{Payload: first})
	for buffer := make([]byte, chunk); err == nil; {
		read, ended := io.ReadFull(picture, buffer)
		if read > 0 {
			part := &polyptych.UploadImageRequest_Chunk{Chunk: buffer[:read]}
			err = stream.Send(&polyptych.UploadImageRequest{Payload: part})
		}
		if ended == io.EOF || ended == io.ErrUnexpectedEOF {
			break
		}
		if ended != nil {
			return nil, ended
		}
	}
	// io.EOF means that the server has answered before all was sent.
	if err != nil && err != io.EOF {
		return nil, err
	}
	return stream.CloseAndRecv()
}

// told says why a call failed. Without a reason the server did not answer.
func told(err error) *errdetails.ErrorInfo {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info
		}
	}
	return &errdetails.ErrorInfo{}
}

func run(address, parent, path string) error {
	// In the clear; credentials.NewTLS is for others than this machine.
	connection, err := grpc.Dial(address, grpc.WithInsecure())
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()

	known, err := polyptych.NewLibraryServiceClient(connection).ListLibraries(ctx, &polyptych.ListLibrariesRequest{})
	if err != nil {
		return err
	}
	for _, library := range known.Libraries {
		fmt.Println(library.Name, library.Provider, library.Encoding)
	}

	picture, err := os.Open(path)
	if err != nil {
		return err
	}
	defer picture.Close()
	images := polyptych.NewImageServiceClient(connection)
	contain := &polyptych.Fit_Contain_{Contain: &polyptych.Fit_Contain{}}
	uploaded, err := upload(ctx, images, &polyptych.UploadImageMetadata{
		Parent:      parent,
		DisplayName: filepath.Base(path),
		Fit:         &polyptych.Fit{Mode: contain},
		RequestId:   requestID(),
	}, picture)
	if err != nil {
		return err
	}
	name := uploaded.Image.Name
	fmt.Println("uploaded", name, uploaded.Sent.MediaType, uploaded.Sent.Sha256)

	if _, err = images.DeleteImage(ctx, &polyptych.DeleteImageRequest{Name: name, RequestId: requestID()}); err != nil {
		return err
	}
	_, err = images.GetImage(ctx, &polyptych.GetImageRequest{Name: name})
	info := told(err)
	fmt.Println(status.Code(err), info.Reason, "applied:", info.Metadata["applied"])
	return nil
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("upload ADDRESS PARENT PICTURE")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatalln(status.Code(err), told(err).Reason, status.Convert(err).Message())
	}
}
