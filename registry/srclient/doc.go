// Package srclient joins the registry clients of two libraries: kavro's, and srclient
// (github.com/riferrei/srclient). A program that has one of them need not make the other.
//
// [NewSource] makes of a client of srclient what package serde asks of a registry.
// [NewClient] makes of a [registry.Client] what srclient's users ask of a client.
//
// No other package of kavro imports srclient.
package srclient
