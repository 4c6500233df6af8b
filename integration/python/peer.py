"""What confluent-kafka-python does, for tests of kavro.

    python3 peer.py serialize URL            [{topic, schema, value, header}] -> [{payload, headers}]
    python3 peer.py deserialize URL          [{topic, payload, headers, value}] -> [{same} or {error}]
    python3 peer.py registry URL             a session of the registry's client, which asserts
    python3 peer.py produce URL BROKER       {topic, key_schema, value_schema, records} -> null (AvroProducer)
    python3 peer.py consume URL BROKER       {topic, count} -> [[key, value]] (AvroConsumer)

The input is JSON on standard input and the output JSON on standard output. Values
are Python expressions; payloads are hex, null is None.
"""

import json
import sys
import time
import uuid
import warnings
from datetime import date, datetime, timezone  # noqa: F401 (for the expressions)
from datetime import time as clock  # noqa: F401
from decimal import Decimal  # noqa: F401
from uuid import UUID  # noqa: F401

warnings.simplefilter("ignore")

from confluent_kafka import Consumer, Producer  # noqa: E402, F401
from confluent_kafka.avro import AvroConsumer, AvroProducer, loads  # noqa: E402
from confluent_kafka.schema_registry import (  # noqa: E402
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer  # noqa: E402
from confluent_kafka.schema_registry.error import SchemaRegistryError  # noqa: E402
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError  # noqa: E402

PATIENCE = 180  # seconds


def value_of(expression):
    return eval(expression, globals())


def serialize(url, cases):
    client = SchemaRegistryClient({"url": url, "timeout": PATIENCE})
    for case in cases:
        conf = {"schema.id.serializer": header_schema_id_serializer} if case["header"] else {}
        serializer = AvroSerializer(client, case["schema"], conf=conf)
        headers = []
        payload = serializer(value_of(case["value"]), SerializationContext(case["topic"], MessageField.VALUE, headers))
        yield {
            "payload": None if payload is None else payload.hex(),
            "headers": [{"key": k, "value": v.hex()} for k, v in headers],
        }


def deserialize(url, cases):
    client = SchemaRegistryClient({"url": url, "timeout": PATIENCE})
    deserializer = AvroDeserializer(client)
    for case in cases:
        payload = None if case["payload"] is None else bytes.fromhex(case["payload"])
        headers = [(h["key"], bytes.fromhex(h["value"])) for h in case["headers"] or []]
        try:
            got = deserializer(payload, SerializationContext(case["topic"], MessageField.VALUE, headers))
        except SerializationError as e:
            yield {"error": str(e)}
            continue
        want = value_of(case["value"])
        yield {"same": repr(got) == repr(want), "got": repr(got), "want": repr(want)}


def registry(url, _):
    def refused(code, call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except SchemaRegistryError as e:
            assert e.error_code == code, e
            return
        raise AssertionError(f"{code} expected")

    v1 = '{"type":"record","name":"User","namespace":"acme","fields":[{"name":"name","type":"string"}]}'
    v2 = v1.replace("}]}", '},{"name":"age","type":"int","default":0}]}')
    bad = v1.replace("}]}", '},{"name":"mail","type":"string"}]}')
    client = SchemaRegistryClient({"url": url, "timeout": PATIENCE})
    assert client.get_subjects() == []
    assert "AVRO" in client.get_schema_types()
    assert client.get_contexts() == ["."]
    assert client.get_compatibility() == "BACKWARD"
    first = client.register_schema_full_response("users-value", Schema(v1, "AVRO"))
    assert (first.schema_id, first.version) == (1, 1), first
    assert client.register_schema("users-value", Schema(v2, "AVRO"), normalize_schemas=True) == 2
    refused(40901, client.register_schema, "users-value", Schema(bad, "AVRO"))
    refused(42201, client.register_schema, "users-value", Schema('{"type":"recod"}', "AVRO"))

    client.clear_caches()
    assert json.loads(client.get_schema(1).schema_str) == json.loads(v1)
    assert json.loads(client.get_schema_by_guid(first.guid).schema_str) == json.loads(v1)
    assert client.get_subjects_by_schema_id(1) == ["users-value"]
    assert [(v.subject, v.version) for v in client.get_schema_versions(2)] == [("users-value", 2)]
    assert client.lookup_schema("users-value", Schema(v1, "AVRO")).version == 1
    assert client.get_latest_version("users-value").schema_id == 2
    assert client.get_version("users-value", 1).schema_id == 1
    assert client.get_versions("users-value") == [1, 2]
    refused(40403, client.get_schema, 999)
    refused(40401, client.get_latest_version, "nobody")
    refused(40402, client.get_version, "users-value", 9)
    refused(40403, client.lookup_schema, "users-value", Schema('"int"', "AVRO"))
    refused(40408, client.get_compatibility, "users-value")

    assert client.test_compatibility("users-value", Schema(v1, "AVRO"))
    assert not client.test_compatibility("users-value", Schema('"int"', "AVRO"))
    assert not client.test_compatibility_all_versions("users-value", Schema('"int"', "AVRO"))
    client.set_compatibility("users-value", "FULL_TRANSITIVE")
    assert client.get_compatibility("users-value") == "FULL_TRANSITIVE"
    assert client.get_config("users-value").compatibility_level == "FULL_TRANSITIVE"
    client.delete_config("users-value")
    assert client.get_global_mode() == "READWRITE"
    client.update_mode("users-value", "READONLY")
    refused(42205, client.register_schema, "users-value", Schema('"int"', "AVRO"))
    client.delete_mode("users-value")

    team = Schema(
        '{"type":"record","name":"Team","namespace":"acme","fields":[{"name":"lead","type":"acme.User"}]}',
        "AVRO",
        [SchemaReference("acme.User", "users-value", 2)],
    )
    team_id = client.register_schema("teams-value", team)
    assert client.get_referenced_by("users-value", 2) == [team_id]
    refused(42206, client.delete_version, "users-value", 2)
    assert client.get_associations_by_resource_name("users", "-", "topic", ["value"]) == []
    assert client.delete_subject("teams-value") == [1]
    assert client.delete_subject("teams-value", permanent=True) == [1]
    assert client.delete_version("users-value", 1) == 1
    assert client.get_subjects() == ["users-value"]


def produce(url, broker, job):
    producer = AvroProducer(
        {"bootstrap.servers": broker, "schema.registry.url": url},
        default_key_schema=loads(job["key_schema"]),
        default_value_schema=loads(job["value_schema"]),
    )
    for key, value in job["records"]:
        producer.produce(topic=job["topic"], key=value_of(key), value=value_of(value))
    left = producer.flush(PATIENCE)
    assert left == 0, left


def consume(url, broker, job):
    consumer = AvroConsumer(
        {
            "bootstrap.servers": broker,
            "schema.registry.url": url,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([job["topic"]])
    records, end = [], time.monotonic() + PATIENCE
    while len(records) < job["count"]:
        assert time.monotonic() < end, records
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            assert message.error().retriable(), message.error()
            continue
        records.append([repr(message.key()), repr(message.value())])
    consumer.close()
    return records


def main():
    command, args = sys.argv[1], sys.argv[2:]
    job = json.load(sys.stdin)
    result = {"serialize": serialize, "deserialize": deserialize, "registry": registry, "produce": produce, "consume": consume}[
        command
    ](*args, job)
    json.dump(list(result) if command in ("serialize", "deserialize") else result, sys.stdout)


main()
