package bench

//go:generate go run github.com/kavro/kavro/cmd/kavro gen -single generated -o generated shapes
