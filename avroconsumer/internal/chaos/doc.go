// Package chaos holds tests only: consumers and pipelines on a real Kafka
// protocol (kfake) and a real registry's HTTP, while members come and go, brokers'
// connections are cut, and the registry goes away for seconds.
package chaos
