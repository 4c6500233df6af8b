// Package parts gets real parts (brokers, registries, libraries in other
// languages) from the package registries, keeps them in a cache folder, and runs
// them as processes.
//
// The cache folder is $KAVRO_PARTS, by default kavro-parts within the user's
// cache folder. It may be deleted at any time when no test runs: what is missing
// is fetched again. A part is made whole or not at all, and once, also when
// several test binaries ask for it at the same time.
//
// Every process is tied to the one that started it: if that is killed, so are
// they.
package parts
