package process

import airlock "github.com/airlock-run/airlock/sdk/go"

// settings are what people set for the extension in their library; the manifest's config_schema describes them.
type settings struct {
	// Categories are what receipts are sorted into. Empty means those of categories.txt.
	Categories []airlock.Label `json:"categories"`
	// UseModel lets a model look at what was read with doubt.
	UseModel bool `json:"use_model"`
}

// readSettings returns the settings; the defaults where the library grants none.
func readSettings(job *airlock.JobContext) (settings, error) {
	var s settings
	err := job.Settings(&s)
	switch airlock.ErrorCode(err) {
	case airlock.PermissionDenied, airlock.NotFound, airlock.Unimplemented:
		return settings{}, nil
	default:
		return s, err
	}
}

// known returns the categories to choose from.
func (s settings) known() []category {
	if len(s.Categories) < 2 {
		return categories()
	}
	all := make([]category, len(s.Categories))
	for i, label := range s.Categories {
		all[i] = category{name: label.Name, description: label.Description, examples: map[string]string{}, words: map[string][]string{}}
		for _, c := range categories() {
			if c.name == label.Name && label.Description == "" && len(label.Examples) == 0 {
				all[i] = c
			}
		}
		for _, example := range label.Examples {
			all[i].examples["en"] += example + ", "
			all[i].words["en"] = append(all[i].words["en"], keyword(example))
		}
	}
	return all
}
