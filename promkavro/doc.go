// Package promkavro lets Prometheus see what producers, consumers, pipelines and
// registry clients do: it is their observers, and collectors to be registered.
//
//	metrics := promkavro.New() // serves its metrics as a http.Handler, too
//	client, err := kavro.Open(conf, kavro.WithObserver(metrics))
//
//	kavro_producer_records_total{topic}             records that the brokers have
//	kavro_producer_bytes_total{topic}               keys and values of those
//	kavro_producer_errors_total{topic,error}        records that were refused or failed
//	kavro_producer_delivery_seconds{topic}          histogram: from the client's queue to the report
//	kavro_producer_in_flight                        records that wait for their report
//
//	kavro_consumer_records_total{topic}             records that were polled
//	kavro_consumer_bytes_total{topic}               keys and values of those
//	kavro_consumer_handle_seconds{topic,error}      histogram: decoding and handling; error "" if it went well
//	kavro_consumer_failures_total{topic,class,action}   records that could not be processed, and what was done
//	kavro_consumer_failures_total{class="registry unavailable"}  each attempt to ask a registry that does not answer
//	kavro_consumer_errors_total{error}              errors that belong to no record
//	kavro_consumer_commit_seconds{error}            histogram
//	kavro_consumer_rebalances_total{event}          partitions assigned, revoked and lost
//
// and, of the consumers that [Metrics.Watch] was given, as of each scrape:
//
//	kavro_consumer_in_flight{topic,partition}       records polled and unprocessed
//	kavro_consumer_in_flight_bytes{topic,partition}
//	kavro_consumer_oldest_age_seconds{topic,partition}  since the oldest of those was polled
//	kavro_consumer_handling{topic,partition}        handlers at work
//	kavro_consumer_waiting{topic,partition}         1 while the registry keeps it waiting
//	kavro_consumer_lag_records{topic,partition}     to the end; it asks the broker
//	kavro_consumer_rebalance_seconds                how long a consumer has waited for its group to rebalance, the longest; 0 if none waits
//
// Where several of them have a partition, as consumers of several groups do, its series have
// the sum of their records, bytes and handlers, and of the age, the waiting and the lag the
// greatest: that of the consumer furthest behind. For each group's lag, give each a
// [Consumer] of its own, registered with a label by prometheus.WrapRegistererWith.
//
//	kavro_registry_request_seconds{method,status}   histogram; status "" if no answer came
//	kavro_registry_retries_total
//	kavro_registry_cache_total{cache,result}        hit, miss, stale, fallback, unknown
//	kavro_registry_open                             URLs that are ejected
//
// An error label has few values and holds no data: Kafka's code of a client's
// error, the class of a record's, else the Go type of the cause. Records have no
// label for their key, and none for their offset.
//
// The package is a module of its own, so that programs without Prometheus do not
// depend on it.
//
// # Specifications
//
//   - Prometheus documentation, "Metric and label naming" and "Writing exporters"
package promkavro
