package python

// cases are values as Python and as Avro's JSON encoding have them.
var cases = []struct{ name, schema, python, json string }{
	{"string", `"string"`, `"key-1"`, `"key-1"`},
	{"string, empty", `"string"`, `""`, `""`},
	{"string, not ASCII", `"string"`, `"größe 値"`, `"größe 値"`},
	{"int, least", `"int"`, `-2147483648`, `-2147483648`},
	{"int, most", `"int"`, `2147483647`, `2147483647`},
	{"long, least", `"long"`, `-9223372036854775808`, `-9223372036854775808`},
	{"long, most", `"long"`, `9223372036854775807`, `9223372036854775807`},
	{"long", `"long"`, `-65`, `-65`},
	{"float", `"float"`, `1.5`, `1.5`},
	{"double", `"double"`, `0.1`, `0.1`},
	{"double, most", `"double"`, `1.7976931348623157e308`, `1.7976931348623157e+308`},
	{"boolean", `"boolean"`, `True`, `true`},
	{"bytes", `"bytes"`, `b"\x00\xff\x01"`, `"\u0000\u00ff\u0001"`},
	{"bytes, empty", `"bytes"`, `b""`, `""`},
	{"bytes in an object", `{"type":"bytes"}`, `b"abc"`, `"abc"`},
	{"fixed", `{"type":"fixed","name":"Four","size":4}`, `b"\x01\x02\x03\xff"`, `"\u0001\u0002\u0003\u00ff"`},
	{"enum", `{"type":"enum","name":"Suit","symbols":["A","B","C"]}`, `"C"`, `"C"`},
	{"array", `{"type":"array","items":"int"}`, `[1, -1, 300]`, `[1,-1,300]`},
	{"array, empty", `{"type":"array","items":"int"}`, `[]`, `[]`},
	{"map", `{"type":"map","values":"long"}`, `{"a": 1}`, `{"a":1}`},
	{"union", `["null","string","int"]`, `5`, `{"int":5}`},
	{"union of records", `[{"type":"record","name":"RA","fields":[{"name":"a","type":"int"}]},{"type":"record","name":"RB","fields":[{"name":"b","type":"int"}]}]`, `{"b": 3}`, `{"RB":{"b":3}}`},
	{"null in a union of a field", record(`["null","string"]`), `{"f": None}`, `{"f":null}`},
	{"value in a union of a field", record(`["null","string"]`), `{"f": "x"}`, `{"f":{"string":"x"}}`},
	{"no fields", `{"type":"record","name":"Empty","fields":[]}`, `{}`, `{}`},
	{"nested", record(`{"type":"array","items":{"type":"record","name":"Inner","fields":[{"name":"m","type":{"type":"map","values":["null","double"]}}]}}`),
		`{"f": [{"m": {"a": 1.5}}, {"m": {}}]}`, `{"f":[{"m":{"a":{"double":1.5}}},{"m":{}}]}`},
	{"recursive", `{"type":"record","name":"Node","namespace":"py","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","Node"],"default":null}]}`,
		`{"v": 1, "next": {"v": 2, "next": None}}`, `{"v":1,"next":{"py.Node":{"v":2,"next":null}}}`},
	{"bytes in a record", record(`"bytes"`), `{"f": b"\x00\x01"}`, `{"f":"\u0000\u0001"}`},
	{"decimal", record(`{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`), `{"f": Decimal("-12.34")}`, `{"f":"\u00fb."}`},
	{"decimal with a sign byte", record(`{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`), `{"f": Decimal("1.28")}`, `{"f":"\u0000\u0080"}`},
	{"decimal, fixed", record(`{"type":"fixed","name":"D","size":4,"logicalType":"decimal","precision":9,"scale":2}`), `{"f": Decimal("-0.01")}`, `{"f":"\u00ff\u00ff\u00ff\u00ff"}`},
	{"date", record(`{"type":"int","logicalType":"date"}`), `{"f": date(1969, 12, 31)}`, `{"f":-1}`},
	{"time-millis", record(`{"type":"int","logicalType":"time-millis"}`), `{"f": clock(23, 59, 59, 999000)}`, `{"f":86399999}`},
	{"time-micros", record(`{"type":"long","logicalType":"time-micros"}`), `{"f": clock(23, 59, 59, 999999)}`, `{"f":86399999999}`},
	{"timestamp-millis", record(`{"type":"long","logicalType":"timestamp-millis"}`), `{"f": datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=timezone.utc)}`, `{"f":1795348800123}`},
	{"timestamp-micros", record(`{"type":"long","logicalType":"timestamp-micros"}`), `{"f": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc)}`, `{"f":-1}`},
	{"uuid", record(`{"type":"string","logicalType":"uuid"}`), `{"f": UUID("89791762-2336-4186-9674-299b90a802e2")}`, `{"f":"89791762-2336-4186-9674-299b90a802e2"}`},
}

// record is a schema with one field, f.
func record(typ string) string {
	return `{"type":"record","name":"R","namespace":"py","fields":[{"name":"f","type":` + typ + `}]}`
}
