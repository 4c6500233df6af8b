package avro

import (
	"encoding/hex"
	"testing"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// The Order record and its evolutions, as the benchmarks of the whole project
// have them.
const orderText = `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"string"},
	{"name":"customer_id","type":"long"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},
	{"name":"total","type":"double"},
	{"name":"currency","type":"string"},
	{"name":"note","type":["null","string"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
		{"name":"sku","type":"string"},{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"express","type":"boolean"}]}`

// orderEvolutions are readers of Order, by what they change.
var orderEvolutions = []struct{ name, text string }{
	{"identical", orderText},
	{"added", `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"string"},
	{"name":"customer_id","type":"long"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"channel","type":"string","default":"web"},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},
	{"name":"total","type":"double"},
	{"name":"currency","type":"string"},
	{"name":"note","type":["null","string"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
		{"name":"sku","type":"string"},{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"express","type":"boolean"}]}`},
	{"removed", `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"string"},
	{"name":"customer_id","type":"long"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},
	{"name":"total","type":"double"},
	{"name":"note","type":["null","string"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
		{"name":"sku","type":"string"},{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}},
	{"name":"express","type":"boolean"}]}`},
	{"promoted", `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"string"},
	{"name":"customer_id","type":"double"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},
	{"name":"total","type":"double"},
	{"name":"currency","type":"string"},
	{"name":"note","type":["null","string"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
		{"name":"sku","type":"string"},{"name":"qty","type":"long"},{"name":"price","type":"double"}]}}},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"express","type":"boolean"}]}`},
	{"reordered", `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"express","type":"boolean"},
	{"name":"id","type":"string"},
	{"name":"total","type":"double"},
	{"name":"customer_id","type":"long"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},
	{"name":"currency","type":"string"},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"note","type":["null","string"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
		{"name":"sku","type":"string"},{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}}]}`},
	{"lines changed", `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"string"},
	{"name":"customer_id","type":"long"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},
	{"name":"total","type":"double"},
	{"name":"currency","type":"string"},
	{"name":"note","type":["null","string"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
		{"name":"sku","type":"string"},{"name":"price","type":"double"},{"name":"gift","type":"boolean","default":false}]}}},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"express","type":"boolean"}]}`},
}

// orderDatum is one Order of about 150 bytes.
func orderDatum() []byte {
	var b []byte
	b = wire.AppendString(b, "6f1d2c3b-4a59-4687-9786-a5b4c3d2e1f0")
	b = wire.AppendLong(b, 4711)
	b = wire.AppendLong(b, 1760000000000)
	b = wire.AppendLong(b, 1)
	b = wire.AppendDouble(b, 129.9)
	b = wire.AppendString(b, "EUR")
	b = wire.AppendLong(b, 1)
	b = wire.AppendString(b, "leave at the door.")
	b = wire.AppendLong(b, 3)
	for i, sku := range []string{"SKU-1", "SKU-22", "SKU-333"} {
		b = wire.AppendString(b, sku)
		b = wire.AppendLong(b, int64(i+1))
		b = wire.AppendDouble(b, 9.99)
	}
	b = append(b, 0)
	b = wire.AppendLong(b, 2)
	for _, kv := range [][2]string{{"source", "app"}, {"tier", "gold"}} {
		b = wire.AppendString(b, kv[0])
		b = wire.AppendString(b, kv[1])
	}
	b = append(b, 0)
	return append(b, 1)
}

func BenchmarkResolutionOrder(b *testing.B) {
	writer := schemas.MustParse(orderText)
	datum := orderDatum()
	for _, e := range orderEvolutions {
		b.Run(e.name, func(b *testing.B) {
			r, err := NewResolution(writer, schemas.MustParse(e.text))
			require.NoError(b, err)
			dst, err := r.Append(nil, datum)
			require.NoError(b, err, hex.EncodeToString(datum))
			b.SetBytes(int64(len(datum)))
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = r.Append(dst[:0], datum)
			}
		})
	}
}
