package basetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
)

// produceReports: every record is reported once, serially, as the very record
// that was given, with the partition, offset and timestamp that it got.
func produceReports(e *env) {
	const n = 100
	topic := e.topic(1)
	p := e.producer()

	type report struct {
		rec *base.Record
		err error
	}
	var reports []report // written by done only, which runs serially
	given := make([]*base.Record, n)
	before := time.Now().Truncate(time.Millisecond)
	for i := range given {
		given[i] = &base.Record{Topic: topic, Partition: -1, Key: fmt.Append(nil, i), Value: []byte("v"), Attach: i}
		require.NoError(e, p.Produce(e.ctx(), given[i], func(r *base.Record, err error) {
			reports = append(reports, report{r, err})
		}))
	}
	require.NoError(e, p.Flush(e.ctx()))

	require.Len(e, reports, n)
	for i, rep := range reports {
		require.NoError(e, rep.err)
		require.Same(e, given[i], rep.rec)
		require.Equal(e, i, rep.rec.Attach)
		require.Equal(e, int32(0), rep.rec.Partition)
		require.Equal(e, int64(i), rep.rec.Offset)
		require.False(e, rep.rec.Timestamp.Before(before), rep.rec.Timestamp)
	}
}
