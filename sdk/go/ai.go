package airlock

// AI reads and judges documents.
type AI struct{ job *JobContext }

// AI returns the client of the ai operations.
func (j *JobContext) AI() AI { return AI{j} }

// OCROptions tune [AI.OCR]. The zero value is right for most documents.
type OCROptions struct {
	// Language is the language pack to read with. Empty means "eng".
	Language string `json:"language,omitempty"`
	// Detail is "words" for each word with its place, too. Empty means "text".
	Detail string `json:"detail,omitempty"`
	// MaxPages is where reading stops. Zero means 50.
	MaxPages int `json:"max_pages,omitempty"`
}

// OCRResult is the text of a document.
type OCRResult struct {
	Text       string    `json:"text"`
	Confidence float64   `json:"confidence"`
	MediaType  string    `json:"media_type"`
	Pages      []OCRPage `json:"pages"`
	PageCount  int       `json:"page_count"`
}

// OCRPage is one page of a document. A page that could not be read has an Error and does not fail the others.
type OCRPage struct {
	Page       int     `json:"page"`
	Text       string  `json:"text"`
	Source     string  `json:"source"`
	Confidence float64 `json:"confidence"`
	// Words are there if Detail was "words".
	Words []OCRWord `json:"words"`
	Error string    `json:"error"`
}

// OCRWord is a word and where it is on the page as it is shown, in parts of the page's width and height.
type OCRWord struct {
	Text       string  `json:"text"`
	Left       float64 `json:"left"`
	Top        float64 `json:"top"`
	Width      float64 `json:"width"`
	Height     float64 `json:"height"`
	Confidence float64 `json:"confidence"`
}

// OCR reads the text of a PDF or a picture. It calls query:ai.ocr.
func (a AI) OCR(data []byte, options OCROptions) (OCRResult, error) {
	input := struct {
		Data    []byte     `json:"data"`
		Options OCROptions `json:"options"`
	}{data, options}
	return a.ocr(input)
}

// OCRContent reads the text of a PDF or a picture that is content of the library: a large one never is in the job's memory. It calls query:ai.ocr.
func (a AI) OCRContent(content string, options OCROptions) (OCRResult, error) {
	input := struct {
		Content string     `json:"content"`
		Options OCROptions `json:"options"`
	}{content, options}
	return a.ocr(input)
}

func (a AI) ocr(input any) (out OCRResult, err error) {
	err = a.job.Call("query:ai.ocr", "", input, &out)
	return out, err
}

// Label is one of the answers [AI.ClassifyText] may give. A description and examples make it a better judge.
type Label struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Examples    []string `json:"examples,omitempty"`
}

// Classification is the label that fits best, and how well each of them does.
type Classification struct {
	Label      string       `json:"label"`
	Confidence float64      `json:"confidence"`
	Scores     []LabelScore `json:"scores"`
	Model      string       `json:"model"`
	// Usage is nil unless a model was asked.
	Usage *Usage `json:"usage"`
}

// LabelScore is how well one label fits; the scores of a classification sum to 1.
type LabelScore struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

// ClassifyText tells which of 2 to 100 labels fits a text best. It calls query:ai.classify_text.
func (a AI) ClassifyText(text string, labels []Label) (Classification, error) {
	input := struct {
		Text   string  `json:"text"`
		Labels []Label `json:"labels"`
	}{text, labels}
	var out Classification
	err := a.job.Call("query:ai.classify_text", "", input, &out)
	return out, err
}
