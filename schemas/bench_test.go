package schemas_test

import (
	"fmt"
	"testing"

	"github.com/kavro/kavro/schemas"
)

const orderSchema = `{"type":"record","name":"shop.Order","fields":[{"name":"id","type":"string"},{"name":"customer_id","type":"long"},
	{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","SHIPPED","CANCELLED"]}},{"name":"total","type":"double"},{"name":"currency","type":"string"},
	{"name":"note","type":["null","string"],"default":null},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"},{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}},
	{"name":"tags","type":{"type":"map","values":"string"}},{"name":"express","type":"boolean"}]}`

func BenchmarkParse(b *testing.B) {
	for _, shape := range []struct{ name, text string }{
		{"order", orderSchema},
		{"500 fields", record(fill(40*500, ",", func(i int) string {
			return fmt.Sprintf(`{"name":"field%d","type":["null","string"],"default":null}`, i)
		}))},
	} {
		b.Run(shape.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(shape.text)))
			for b.Loop() {
				if _, err := schemas.Parse(shape.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCanRead(b *testing.B) {
	reader, writer := schemas.MustParse(orderSchema), schemas.MustParse(orderSchema)
	b.ReportAllocs()
	for b.Loop() {
		if err := schemas.CanRead(reader, writer); err != nil {
			b.Fatal(err)
		}
	}
}
