//go:build cgo

package confluent

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// What librdkafka takes for the size of a response is the beginning of another protocol.
func TestForeignProtocol(t *testing.T) {
	for size, foreign := range map[int32]bool{
		1213486160: true,  // "HTTP"
		1397966893: true,  // "SSH-"
		842150944:  true,  // "220 "
		352518912:  true,  // an alert of TLS 1.0
		150000000:  false, // a large response
		-5:         false,
	} {
		ke := ckafka.NewError(ckafka.ErrBadMsg, fmt.Sprintf("b:1/bootstrap: Receive failed: Invalid response size %d (0..100000000): increase receive.message.max.bytes (after 3ms in state APIVERSION_QUERY)", size), false)
		require.Equal(t, foreign, isForeign(ke), size)
		var heard error
		e := &events{Tracker: clienterr.New(kafka.Hooks{Error: func(err error) { heard = err }})}
		e.handle(ke)
		require.Equal(t, foreign, errors.Is(heard, kafka.ErrUnreachable), heard)
		require.Equal(t, !foreign, strings.Contains(heard.Error(), "increase receive.message.max.bytes"), heard)
	}
}
