package jsontext_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/jsontext"
)

func TestTokens(t *testing.T) {
	text := jsontext.Text[string]{Src: ` {"type":"array", "items":["null",1.50,{}]} `}
	require.Nil(t, text.Scan(3))
	var raw []string
	var next []int
	for i := range text.Tokens {
		raw, next = append(raw, text.Raw(i)), append(next, text.Next(i))
	}
	require.Equal(t, []string{text.Src[1 : len(text.Src)-1], `"type"`, `"array"`, `"items"`, `["null",1.50,{}]`, `"null"`, `1.50`, `{}`}, raw)
	require.Equal(t, []int{8, 2, 3, 4, 8, 6, 7, 8}, next)
	require.Equal(t, []int{2, 3, 0}, []int{text.Len(0), text.Len(4), text.Len(7)})

	err := text.Scan(2)
	require.Equal(t, &jsontext.SyntaxError{Offset: 39, Reason: "nested deeper than 2 levels of JSON"}, err)
}

// Every text that was cut is short, or it is a value of its own.
func TestShort(t *testing.T) {
	const whole = `[{"a\u00e9\ud83d\ude00":-1.5e+7,"b":[true,false,null,"é\n"]}]`
	for i := range whole {
		text := jsontext.Text[[]byte]{Src: []byte(whole[:i])}
		err := text.Scan(math.MaxInt)
		require.NotNil(t, err, "%s", whole[:i])
		require.True(t, err.Short || err.Offset >= 10, "%s: %v", whole[:i], err) // half a pair is not short
	}
}

// Scan takes what encoding/json takes, but for halves of surrogate pairs and text that is not
// UTF-8, and it reads strings alike, from either type.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"\u00e9\n"}]}`, `01`, `-0.5e-3`, `[1,]`, `{"a" 1}`, `"\ud83d\ude00"`, `tru`, "\"\xff\"", `[]]`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		text, bytes := jsontext.Text[string]{Src: src}, jsontext.Text[[]byte]{Src: []byte(src)}
		err := text.Scan(1000)
		require.Equal(t, err, bytes.Scan(1000))
		require.Equal(t, text.Tokens, bytes.Tokens)
		if err != nil {
			require.LessOrEqual(t, err.Offset, len(src))
			return
		}
		require.True(t, json.Valid([]byte(src)), "%q", src)
		for i, token := range text.Tokens {
			if token.Kind == jsontext.String {
				var want string
				require.NoError(t, json.Unmarshal([]byte(text.Raw(i)), &want))
				require.Equal(t, want, string(text.AppendString(nil, i)))
			}
		}
	})
}

func TestPosition(t *testing.T) {
	line, column := jsontext.Position("a\nbc\n", 3)
	require.Equal(t, []int{2, 2}, []int{line, column})
}
