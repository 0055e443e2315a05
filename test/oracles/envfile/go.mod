module envfile

go 1.24.0

require (
	github.com/compose-spec/compose-go/v2 v2.16.2
	github.com/docker/cli v29.9.3+incompatible
	github.com/sirupsen/logrus v1.10.1
	k8s.io/apimachinery v0.34.0
)

require (
	github.com/go-logr/logr v1.4.2 // indirect
	golang.org/x/sys v0.13.0 // indirect
	k8s.io/klog/v2 v2.130.1 // indirect
	k8s.io/utils v0.0.0-20250604170112-4c0f3b243397 // indirect
)
