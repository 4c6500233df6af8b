// Package python shows that kavro and confluent-kafka-python understand each
// other. peer.py is the other side.
package python
