#include "core/experiment_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/text.hpp"
#include "millrace/text/yaml.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;

/// What fits on a line beside its name.
constexpr std::size_t lineBytesMax = 90;

/// What is in a text beside its values. Positions are in bytes.
class Losses final : public YAML::EventHandler {
public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override { ++m_documents; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t anchor) override { note({}, anchor); }
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { m_hasAnchors = true; }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& /*value*/) override {
    m_scalars.insert(static_cast<std::size_t>(mark.pos));
    note(tag, anchor);
  }
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    note(tag, anchor);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    note(tag, anchor);
  }
  void OnMapEnd() override {}

  [[nodiscard]] QString of(const std::string& text) const {
    QStringList all;
    if (hasComments(text)) all << QStringLiteral("comments");
    if (m_hasAnchors) all << QStringLiteral("anchors and aliases");
    if (m_hasTags) all << QStringLiteral("tags");
    if (m_documents > 1) all << QStringLiteral("documents after the first");
    return all.join(QStringLiteral(", "));
  }

private:
  void note(const std::string& tag, YAML::anchor_t anchor) {
    m_hasAnchors = m_hasAnchors || anchor != YAML::NullAnchor;
    m_hasTags = m_hasTags || (!tag.empty() && tag != "?" && tag != "!");
  }

  /// Behind a scalar in quotes, or one of lines, that begins at `at`; any other is looked into.
  static std::size_t behind(const std::string& text, std::size_t at) {
    const char quote = text[at];
    if (quote == '|' || quote == '>') return behindLines(text, at);
    if (quote != '"' && quote != '\'') return at + 1;
    for (auto i = at + 1; i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\') {
        ++i;
      } else if (text[i] == quote && quote == '\'' && i + 1 < text.size() && text[i + 1] == quote) {
        ++i;
      } else if (text[i] == quote) {
        return i + 1;
      }
    }
    return text.size();
  }
  static std::size_t behindLines(const std::string& text, std::size_t at) {
    std::size_t indent = 0;
    auto line = text.find('\n', at);
    while (line != std::string::npos) {
      const auto first = text.find_first_not_of(' ', line + 1);
      if (first == std::string::npos) return text.size();
      const auto depth = first - line - 1;
      if (text[first] != '\n') {
        if (indent == 0) indent = depth;
        if (depth == 0 || depth < indent) return line;
      }
      line = text.find('\n', first);
    }
    return text.size();
  }
  [[nodiscard]] bool hasComments(const std::string& text) const {
    for (std::size_t i = 0; i < text.size();) {
      const bool isAlone = i == 0 || text[i - 1] == '\n' || text[i - 1] == ' ' || text[i - 1] == '\t';
      if (text[i] == '#' && isAlone) return true;
      i = m_scalars.contains(i) ? behind(text, i) : i + 1;
    }
    return false;
  }

  std::set<std::size_t> m_scalars;  // where they begin
  int m_documents = 0;
  bool m_hasAnchors = false, m_hasTags = false;
};

/// Texts that would be read as something else.
bool needsQuotes(const std::string& text) {
  static const std::set<std::string> others{"", "~", "null", "Null", "NULL", "true", "false"};
  return others.contains(text) || json::parse(text, nullptr, false).is_number();
}

int depthOf(const json& v) {
  int deepest = 0;
  if (!v.is_structured()) return 0;
  for (const auto& item : v) deepest = std::max(deepest, depthOf(item));
  return deepest + 1;
}

void emit(YAML::Emitter& out, const json& v) {
  if (v.is_structured() && depthOf(v) <= 2 && v.dump().size() <= lineBytesMax) out << YAML::Flow;
  if (v.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [name, value] : v.items()) {
      out << YAML::Key << name << YAML::Value;
      emit(out, value);
    }
    out << YAML::EndMap;
  } else if (v.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& item : v) emit(out, item);
    out << YAML::EndSeq;
  } else if (v.is_null()) {
    out << YAML::Null;
  } else if (v.is_string()) {
    const auto text = v.get<std::string>();
    if (needsQuotes(text)) out << YAML::DoubleQuoted;
    out << text;
  } else {
    out << v.dump();
  }
}

}  // namespace

result<YamlText> readYaml(const QByteArray& bytes) {
  const auto text = bytes.toStdString();
  const auto written = yaml_to_json(text);
  if (!written) return written.error();
  try {
    YamlText out{json::parse(*written), {}};
    std::istringstream stream{text};
    YAML::Parser parser{stream};
    Losses losses;
    while (parser.HandleNextDocument(losses)) {
    }
    out.lost = losses.of(text);
    return out;
  } catch (const std::exception& e) {
    return user_error(errc::parse_error, e.what());
  }
}

result<QByteArray> writeYaml(const json& value) {
  YAML::Emitter out;
  emit(out, value);
  auto bytes = QByteArray{out.c_str()} + '\n';
  const auto again = readYaml(bytes);
  if (out.good() && again && again->value == value) return bytes;
  return user_error(errc::invalid_argument, "it cannot be written as YAML without a change; save it as JSON");
}

}  // namespace millrace::workbench
