// What the AWS SDK for Go makes of an environment: one JSON document per line in, one out. Nothing is sent: each request
// ends in its client, which tells where it would have gone.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iot"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type question struct {
	Environment map[string]string `json:"environment"`
	// Files by name, written into an empty home.
	Files map[string]string `json:"files"`
}

type answer struct {
	// Why the SDK does not start.
	Refused string `json:"refused,omitempty"`
	Region  string `json:"region,omitempty"`
	// In the SDK's own order, from the outermost profile inwards.
	Sources []string `json:"sources,omitempty"`
	// By service: the URL of a request, or why there is none.
	Endpoints map[string]string `json:"endpoints,omitempty"`
	Errors    map[string]string `json:"errors,omitempty"`
}

var errSeen = errors.New("seen")

// captured ends every request, and remembers its URL.
type captured struct{ url string }

func (c *captured) Do(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return nil, errors.New("unsupported protocol scheme")
	}
	// S3 puts the bucket before an empty host.
	if request.URL.Host == "" || strings.HasSuffix(request.URL.Host, ".") {
		return nil, errors.New("no host")
	}
	// As net/http does (ValidHeaderFieldValue in golang.org/x/net/http/httpguts).
	for _, values := range request.Header {
		for _, value := range values {
			for _, char := range []byte(value) {
				if (char < ' ' && char != '\t') || char == 0x7f {
					return nil, errors.New("invalid header field value")
				}
			}
		}
	}
	c.url = request.URL.Scheme + "://" + request.URL.Host + request.URL.Path
	return nil, errSeen
}

func ask(home string, asked question) answer {
	os.Clearenv()
	os.Setenv("HOME", home)
	for name, text := range asked.Files {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return answer{Refused: err.Error()}
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return answer{Refused: err.Error()}
		}
	}
	for name, value := range asked.Environment {
		os.Setenv(name, value)
	}
	// The mode “auto” would ask the instance for its region.
	os.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
	// The SDK determines these once, when the process starts.
	config.DefaultSharedConfigFiles = []string{filepath.Join(home, ".aws", "config")}
	config.DefaultSharedCredentialsFiles = []string{filepath.Join(home, ".aws", "credentials")}
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	found := answer{Region: cfg.Region, Endpoints: map[string]string{}, Errors: map[string]string{}}
	if cache, ok := cfg.Credentials.(*aws.CredentialsCache); ok {
		for _, source := range cache.ProviderSources() {
			found.Sources = append(found.Sources, sourceNames[source])
		}
	}
	// Credentials that are not at hand would need requests and programs of their own.
	if len(found.Sources) != 1 || found.Sources[0] != "keys" {
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
		})
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	for name, request := range requests {
		client := &captured{}
		cfg.HTTPClient = client
		err := request(ctx, cfg)
		if client.url != "" {
			found.Endpoints[name] = client.url
		} else if err != nil {
			found.Errors[name] = err.Error()
		}
	}
	return found
}

var requests = map[string]func(context.Context, aws.Config) error{
	"S3": func(ctx context.Context, cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("spacelift-states"), Key: aws.String("key")})
		return err
	},
	"KMS": func(ctx context.Context, cfg aws.Config) error {
		_, err := kms.NewFromConfig(cfg).ListKeys(ctx, &kms.ListKeysInput{})
		return err
	},
	"SQS": func(ctx context.Context, cfg aws.Config) error {
		_, err := sqs.NewFromConfig(cfg).ListQueues(ctx, &sqs.ListQueuesInput{})
		return err
	},
	"STS": func(ctx context.Context, cfg aws.Config) error {
		_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	},
	"IOT": func(ctx context.Context, cfg aws.Config) error {
		_, err := iot.NewFromConfig(cfg).DescribeEndpoint(ctx, &iot.DescribeEndpointInput{})
		return err
	},
}

var sourceNames = map[aws.CredentialSource]string{
	aws.CredentialSourceEnvVars:              "keys",
	aws.CredentialSourceEnvVarsSTSWebIDToken: "web-identity",
	aws.CredentialSourceSTSAssumeRole:        "role",
	aws.CredentialSourceSTSAssumeRoleWebID:   "role-by-token",
	aws.CredentialSourceProfile:              "profile-keys",
	aws.CredentialSourceProfileSourceProfile: "source-profile",
	aws.CredentialSourceProfileNamedProvider: "named",
	aws.CredentialSourceProfileSTSWebIDToken: "profile-web-identity",
	aws.CredentialSourceProfileSSO:           "sso-session",
	aws.CredentialSourceSSO:                  "sso",
	aws.CredentialSourceProfileSSOLegacy:     "sso-legacy",
	aws.CredentialSourceSSOLegacy:            "sso-legacy",
	aws.CredentialSourceProfileProcess:       "process",
	aws.CredentialSourceProcess:              "process",
	aws.CredentialSourceProfileLogin:         "login",
	aws.CredentialSourceLogin:                "login",
	aws.CredentialSourceHTTP:                 "container",
	aws.CredentialSourceIMDS:                 "instance",
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<22)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		home, err := os.MkdirTemp("", "aws-sdk-")
		if err != nil {
			panic(err)
		}
		if err := out.Encode(ask(home, asked)); err != nil {
			panic(err)
		}
		os.RemoveAll(home)
	}
}
