//go:build !cgo

package chaostest

import "github.com/kavro/kavro/base/basetest"

var cgoBases []basetest.Factory
