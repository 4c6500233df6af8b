package registry

import (
	"context"
	"net/http"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/registry/transport"
	"github.com/kavro/kavro/schemas"
)

// Compatibility returns the level that holds for subject: its own or, if it has
// none, what it inherits. "" is the global level.
func (c *Client) Compatibility(ctx context.Context, subject string) (schemas.Level, error) {
	subject = subjectKey(subject)
	var conf Config
	read := readConfig(&conf, nil)
	path := withQuery(settingPath("config", subject), "defaultToGlobal", flag(subject != ""))
	err := c.ask(ctx, http.MethodGet, path, configName(subject), nil, answerReader(func(body []byte) error {
		err := read(body)
		if err == nil && conf.Level == nil {
			return exactjson.Fault("it has no level")
		}
		return err
	}))
	if err != nil {
		return schemas.None, err
	}
	return *conf.Level, nil
}

// SetCompatibility sets the level of subject, of a context (":.ctx:"), or the
// global one (""), and leaves the rest of the configuration alone.
func (c *Client) SetCompatibility(ctx context.Context, subject string, l schemas.Level) error {
	return c.SetConfig(ctx, subject, Config{Level: &l})
}

// Config returns the configuration of subject, of a context (":.ctx:"), or the
// global one (""). Option: [DefaultToGlobal]. The error is a [*NotFoundError] if
// subject has none of its own; some registries answer with a default.
func (c *Client) Config(ctx context.Context, subject string, opts ...CallOption) (Config, error) {
	o, err := callOf("Config", toGlobal, opts)
	if err != nil {
		return Config{}, err
	}
	ctx, cancel := c.transport.WithDeadline(ctx)
	defer cancel()
	return c.config(ctx, transport.Call{}, subject, o)
}

// config is Config as a part of call.
func (c *Client) config(ctx context.Context, call transport.Call, subject string, o Call) (Config, error) {
	subject = subjectKey(subject)
	var conf Config
	path := withQuery(settingPath("config", subject), "defaultToGlobal", flag(o.Global))
	_, err := c.answer(ctx, call, http.MethodGet, path, configName(subject), nil, readConfig(&conf, nil))
	return conf, err
}

// SetConfig changes the configuration of subject, of a context (":.ctx:"), or the
// global one (""). What conf leaves out stays as it is, if the registry does as
// Confluent's.
func (c *Client) SetConfig(ctx context.Context, subject string, conf Config) error {
	subject = subjectKey(subject)
	var now Config
	return c.ask(ctx, http.MethodPut, settingPath("config", subject), configName(subject), configRequest{
		Level:              conf.Level,
		Normalize:          conf.Normalize,
		ValidateFields:     conf.ValidateFields,
		Alias:              conf.Alias,
		CompatibilityGroup: conf.CompatibilityGroup,
		DefaultMetadata:    conf.DefaultMetadata,
		OverrideMetadata:   conf.OverrideMetadata,
		DefaultRuleSet:     conf.DefaultRuleSet,
		OverrideRuleSet:    conf.OverrideRuleSet,
	}, readConfig(&now, conf.Level))
}

// configRequest is a change of a configuration. Fields that are not set are left
// out: null would remove them, and some registries refuse those they do not know.
type configRequest struct {
	Level              *schemas.Level `json:"compatibility,omitempty"`
	Normalize          *bool          `json:"normalize,omitempty"`
	ValidateFields     *bool          `json:"validateFields,omitempty"`
	Alias              string         `json:"alias,omitempty"`
	CompatibilityGroup string         `json:"compatibilityGroup,omitempty"`
	DefaultMetadata    *Metadata      `json:"defaultMetadata,omitempty"`
	OverrideMetadata   *Metadata      `json:"overrideMetadata,omitempty"`
	DefaultRuleSet     *RuleSet       `json:"defaultRuleSet,omitempty"`
	OverrideRuleSet    *RuleSet       `json:"overrideRuleSet,omitempty"`
}

// configAnswer is a configuration as registries write it. Some fields are here so that a
// key that is there twice is found; what they say is in Config.Raw.
type configAnswer struct {
	AliasForDeks        string `json:"aliasForDeks"`
	ValidateNewSchemas  *bool  `json:"validateNewSchemas"`
	ValidateRules       *bool  `json:"validateRules"`
	CompatibilityPolicy string `json:"compatibilityPolicy"`

	Level              string    `json:"compatibilityLevel"`
	Other              string    `json:"compatibility"`
	Normalize          *bool     `json:"normalize"`
	ValidateFields     *bool     `json:"validateFields"`
	Alias              string    `json:"alias"`
	CompatibilityGroup string    `json:"compatibilityGroup"`
	DefaultMetadata    *Metadata `json:"defaultMetadata"`
	OverrideMetadata   *Metadata `json:"overrideMetadata"`
	DefaultRuleSet     *RuleSet  `json:"defaultRuleSet"`
	OverrideRuleSet    *RuleSet  `json:"overrideRuleSet"`
}

// config is a as callers see it. Level is nil if it is none that is known.
func (a *configAnswer) config() Config {
	c := Config{
		Normalize:          a.Normalize,
		ValidateFields:     a.ValidateFields,
		Alias:              a.Alias,
		CompatibilityGroup: a.CompatibilityGroup,
		DefaultMetadata:    a.DefaultMetadata,
		OverrideMetadata:   a.OverrideMetadata,
		DefaultRuleSet:     a.DefaultRuleSet,
		OverrideRuleSet:    a.OverrideRuleSet,
	}
	if level, err := schemas.ParseLevel(a.Level); err == nil {
		c.Level = &level
	}
	return c
}

// DeleteConfig removes the configuration of subject, of a context (":.ctx:"), or
// the global one (""). The error is a [*NotFoundError] if subject has none.
func (c *Client) DeleteConfig(ctx context.Context, subject string) error {
	subject = subjectKey(subject)
	return c.ask(ctx, http.MethodDelete, settingPath("config", subject), configName(subject), nil, answerReader(readAny))
}

// modeValue is a mode as it travels.
type modeValue struct {
	Mode Mode `json:"mode"`
}

// Mode returns the mode of subject, of a context (":.ctx:"), or the global one
// (""). Option: [DefaultToGlobal]. The error is a [*NotFoundError] if subject has
// none of its own.
func (c *Client) Mode(ctx context.Context, subject string, opts ...CallOption) (Mode, error) {
	o, err := callOf("Mode", toGlobal, opts)
	if err != nil {
		return "", err
	}
	subject = subjectKey(subject)
	var body modeValue
	path := withQuery(settingPath("mode", subject), "defaultToGlobal", flag(o.Global))
	err = c.ask(ctx, http.MethodGet, path, modeName(subject), nil, readMode(&body, ""))
	return body.Mode, err
}

// SetMode sets the mode of subject, of a context (":.ctx:"), or the global one
// (""). Option: [Force].
func (c *Client) SetMode(ctx context.Context, subject string, mode Mode, opts ...CallOption) error {
	o, err := callOf("SetMode", forces, opts)
	if err != nil {
		return err
	}
	subject = subjectKey(subject)
	path := withQuery(settingPath("mode", subject), "force", flag(o.Force))
	var now modeValue
	return c.ask(ctx, http.MethodPut, path, modeName(subject), modeValue{mode}, readMode(&now, mode))
}

// DeleteMode removes the mode of subject, of a context (":.ctx:"), or the global
// one (""). The error is a [*NotFoundError] if subject has none.
func (c *Client) DeleteMode(ctx context.Context, subject string) error {
	subject = subjectKey(subject)
	return c.ask(ctx, http.MethodDelete, settingPath("mode", subject), modeName(subject), nil, answerReader(readAny))
}

func settingPath(kind, subject string) string {
	if subject == "" {
		return "/" + kind
	}
	return apiPath(kind, subject)
}

func configName(subject string) string {
	if subject == "" {
		return "the global configuration"
	}
	return "a configuration of subject " + subject
}

func modeName(subject string) string {
	if subject == "" {
		return "the global mode"
	}
	return "a mode of subject " + subject
}
