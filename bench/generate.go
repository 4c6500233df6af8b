package bench

//go:generate go run -C .. ./cmd/kavro gen -single generated -o bench/generated bench/shapes
