// Package config keeps the settings of extensions, which people make and extensions read. There are settings for all libraries and for
// one; of those both have, the library's hold, and where neither has one, the default of the config_schema in the extension's manifest.
// Settings that do not fit that schema are refused when they are made. They are no place for secrets: those are credentials.
package config
