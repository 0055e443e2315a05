// The calls that a healthy run makes on the demo, without anything else: the least that a native program can do them in. It knows what
// is there, so it judges nothing; any error ends it. Reads the variables of the config from its environment.
package main

import (
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

var operations atomic.Int64

// done counts an operation that has succeeded.
func done(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
	operations.Add(1)
}

// together runs all of them at once, and waits for them.
func together(all ...func()) {
	var group sync.WaitGroup
	for _, one := range all {
		group.Go(one)
	}
	group.Wait()
}

func main() {
	// As many at once as the tool has.
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 256
	together(database, storage, encryption, broker)
	fmt.Printf("%d operations\n", operations.Load())
}

func broker() {
	options := mqtt.NewClientOptions().AddBroker("tcp://" + os.Getenv("MQTT_BROKER_ENDPOINT")).SetClientID("floor")
	client := mqtt.NewClient(options)
	connecting := client.Connect()
	connecting.Wait()
	done("broker", connecting.Error())
	client.Disconnect(0)
}
