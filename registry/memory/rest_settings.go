package memory

import (
	"net/http"
	"strings"

	"github.com/kavro/kavro/registry"
)

func checkAllVersions(r *request) (answer, error) { return checkVersions(r, 0) }

func checkOneVersion(r *request) (answer, error) {
	number, err := versionNumber(r.args[1])
	if err != nil {
		return answer{}, err
	}
	return checkVersions(r, number)
}

// compatibilityAnswer says whether a schema fits and, if asked, why not.
type compatibilityAnswer struct {
	Compatible bool      `json:"is_compatible"`
	Messages   *[]string `json:"messages,omitempty"`
}

func checkVersions(r *request, against int) (answer, error) {
	var body registerRequest
	if err := readBody(r.writer, r.Request, r.settings.maxBody, &body); err != nil {
		return answer{}, err
	}
	verbose := r.flag("verbose")
	checked, err := r.checkCompatibility(r.Context(), r.subject(), body.registration(r.flag("normalize")), against)
	if bad, invalid := err.(*registry.InvalidError); invalid && verbose && bad.Code == 42201 {
		checked, err = check{messages: []string{bad.Message}}, nil
	}
	if err != nil {
		return answer{}, err
	}
	a := compatibilityAnswer{Compatible: len(checked.messages) == 0}
	if verbose {
		messages := list(checked.messages)
		a.Messages = &messages
	}
	return ok(a), nil
}

func getConfig(r *request) (answer, error) {
	conf, err := r.configOf(r.Context(), r.subject(), r.flag("defaultToGlobal"))
	return ok(conf), err
}

func putConfig(r *request) (answer, error) {
	var body settingsUpdate
	if err := readBody(r.writer, r.Request, r.settings.maxBody, &body); err != nil {
		return answer{}, err
	}
	conf, err := r.updateConfig(r.Context(), r.subject(), body)
	if err != nil {
		return answer{}, err
	}
	return ok(settingsEcho{settings: conf, Echo: conf.Level}), nil
}

// settingsEcho is settings as changing them answers: the level goes by the name
// that the request has for it.
type settingsEcho struct {
	*settings
	Level struct{} `json:"compatibilityLevel,omitzero"`
	Echo  string   `json:"compatibility,omitempty"`
}

func removeConfig(r *request) (answer, error) {
	conf, err := r.removeConfig(r.Context(), r.subject())
	return ok(conf), err
}

// modeBody is a mode, asked for or answered.
type modeBody struct {
	Mode *string `json:"mode,omitempty"`
}

func modeAnswer(mode registry.Mode) answer {
	if mode == "" {
		return ok(modeBody{})
	}
	text := string(mode)
	return ok(modeBody{Mode: &text})
}

func getMode(r *request) (answer, error) {
	mode, err := r.Mode(r.Context(), r.subject(), when(r.flag("defaultToGlobal"), registry.DefaultToGlobal()))
	return modeAnswer(mode), err
}

func putMode(r *request) (answer, error) {
	var body struct {
		Mode optional[string] `json:"mode"`
	}
	if err := readBody(r.writer, r.Request, r.settings.maxBody, &body); err != nil {
		return answer{}, err
	}
	if body.Mode.given && body.Mode.value == nil {
		_, err := r.Registry.removeMode(r.Context(), r.subject(), true)
		return ok(map[string]*string{"mode": nil}), err
	}
	mode := textOver(body.Mode, "")
	err := r.SetMode(r.Context(), r.subject(), registry.Mode(mode), when(r.flag("force"), registry.Force()))
	return ok(modeBody{Mode: &mode}), err
}

func removeMode(r *request) (answer, error) {
	mode, err := r.Registry.removeMode(r.Context(), r.subject(), r.flag("recursive"))
	return modeAnswer(mode), err
}

func listContexts(r *request) (answer, error) {
	if r.context != "" {
		return answer{}, errHTTP(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	}
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	names, err := r.Contexts(r.Context())
	if err != nil {
		return answer{}, err
	}
	kept := []string{}
	for _, name := range names {
		if strings.HasPrefix(name, r.values.Get("contextPrefix")) {
			kept = append(kept, name)
		}
	}
	return ok(page(kept, c)), nil
}

func removeContext(r *request) (answer, error) {
	if r.context == "" {
		return answer{}, errHTTP(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	}
	return answer{status: http.StatusNoContent}, r.DeleteContext(r.Context(), r.context)
}

func getClusterID(r *request) (answer, error) {
	clusters := map[string]string{"kafka-cluster": r.settings.cluster, "schema-registry-cluster": "schema-registry"}
	return ok(map[string]any{"scope": map[string]any{"path": []string{}, "clusters": clusters}}), nil
}

// The release of Confluent's registry whose behaviour this is, for clients that
// ask before they use what older ones do not have.
func getServerVersion(*request) (answer, error) {
	return ok(map[string]string{"version": "8.5.0-0", "commitId": "kavro"}), nil
}
