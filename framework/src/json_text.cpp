#include "json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace millrace::detail {
namespace {

/// Deeper or larger texts are no topology; the bounds keep a hostile one from eating stack and memory.
constexpr std::size_t nesting_max = 32;
constexpr std::size_t values_max = 1'000'000;
constexpr std::size_t message_chars_max = 200;

struct finding {
  std::size_t offset = 0;
  std::string what;
};

/// Finds where each value and name of a JSON text begins, in order of the text, without judging whether it is JSON.
class token_scan {
public:
  explicit token_scan(std::string_view text) : text_{text} {}

  std::optional<finding> run() {
    std::size_t at = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (at < text_.size()) {
      const char c = text_[at];
      if (c == '{' || c == '[') {
        begin(at);
        if (++depth_ > nesting_max) return finding{at, "expected no more than 32 levels of nesting"};
      } else if (c == '"') {
        begin(at);
        at = string_end(at);
      } else if (is_bare(c)) {
        begin(at);
        while (at + 1 < text_.size() && is_bare(text_[at + 1])) ++at;
      } else if ((c == '}' || c == ']') && depth_ > 0) {
        --depth_;
      }
      if (starts_.size() > values_max) return finding{at, "expected no more than 1,000,000 values"};
      ++at;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::vector<std::size_t> take() && { return std::move(starts_); }

private:
  static bool is_bare(char c) { return std::string_view{"{}[],:\" \t\r\n"}.find(c) == std::string_view::npos; }
  void begin(std::size_t at) { starts_.push_back(at); }
  [[nodiscard]] std::size_t string_end(std::size_t at) const {
    for (++at; at < text_.size() && text_[at] != '"'; ++at) {
      if (text_[at] == '\\') ++at;
    }
    return at;
  }

  std::string_view text_;
  std::size_t depth_ = 0;
  std::vector<std::size_t> starts_;
};

/// Builds nodes from nlohmann's events. They come in the order of the text, so the nth value is the nth token.
class node_builder final : public nlohmann::json_sax<nlohmann::json> {
public:
  node_builder(std::string_view text, std::vector<std::size_t> starts) : text_{text}, starts_{std::move(starts)} {}

  bool null() override {
    return add(json_node::kind::null, [](json_node&) {});
  }
  bool boolean(bool v) override {
    return add(json_node::kind::boolean, [&](json_node& n) { n.boolean = v; });
  }
  bool number_integer(number_integer_t v) override {
    return add(json_node::kind::integer, [&](json_node& n) { n.integer = v; });
  }
  bool number_unsigned(number_unsigned_t v) override {
    if (!std::in_range<std::int64_t>(v)) return add(json_node::kind::huge_integer, [](json_node&) {});
    return number_integer(static_cast<number_integer_t>(v));
  }
  bool number_float(number_float_t v, const string_t&) override {
    return add(json_node::kind::number, [&](json_node& n) { n.number = v; });
  }
  bool string(string_t& v) override {
    return add(json_node::kind::text, [&](json_node& n) { n.text = std::move(v); });
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json_node::kind::object); }
  bool start_array(std::size_t) override { return open(json_node::kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    const auto at = next_start();
    if (open_.back()->find(name) != nullptr) {
      failure = {at, "the name \"" + name + "\" is in this object already"};
      return false;
    }
    name_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    std::string what = e.what();
    // "[json.exception…] parse error at line 1, column 2: syntax error while …": the place is said by us.
    if (const auto at = what.find("column "); at != std::string::npos) what.erase(0, what.find(": ", at) + 2);
    failure = {start_of(position == 0 ? 0 : position - 1), "expected JSON: " + what};
    return false;
  }

  json_node root;
  finding failure;

private:
  [[nodiscard]] std::size_t next_start() { return next_ < starts_.size() ? starts_[next_++] : 0; }

  /// A text that should not be there is noticed at its end, but people look for its beginning.
  [[nodiscard]] std::size_t start_of(std::size_t offset) const {
    const auto behind = std::ranges::upper_bound(starts_, offset);
    const bool ends_text = offset < text_.size() && text_[offset] == '"' && behind != starts_.begin();
    return ends_text ? *(behind - 1) : offset;
  }

  json_node& place(json_node::kind what) {
    const auto offset = next_start();
    json_node* made = &root;
    if (!open_.empty()) {
      auto& parent = *open_.back();
      made = parent.what == json_node::kind::array
                 ? &parent.elements.emplace_back()
                 : &parent.members.emplace_back(std::exchange(name_, {}), json_node{}).second;
    }
    made->what = what;
    made->offset = offset;
    return *made;
  }
  template <class Fill>
  bool add(json_node::kind what, Fill fill) {
    fill(place(what));
    return true;
  }
  // A node stays where it is while it is open: its parent gets no other child until it is closed.
  bool open(json_node::kind what) {
    open_.push_back(&place(what));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
  std::size_t next_ = 0;
  std::string name_;
  std::vector<json_node*> open_;
};

/// What the text holds may be bytes no terminal should see.
std::string printable(std::string text) {
  if (text.size() > message_chars_max) text = text.substr(0, message_chars_max) + "...";
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

error at_place(const std::string& text, const std::string& source, finding found) {
  return user_error(errc::parse_error,
                    source + ":" + line_and_column(text, found.offset) + ": " + printable(found.what));
}

}  // namespace

const json_node* json_node::find(const std::string& name) const {
  const auto at = std::ranges::find(members, name, &std::pair<std::string, json_node>::first);
  return at == members.end() ? nullptr : &at->second;
}

const char* to_string(json_node::kind k) noexcept {
  switch (k) {
    case json_node::kind::null:
      return "null";
    case json_node::kind::boolean:
      return "true or false";
    case json_node::kind::integer:
      return "an integer";
    case json_node::kind::huge_integer:
      return "an integer beyond 64 bits";
    case json_node::kind::number:
      return "a number";
    case json_node::kind::text:
      return "text";
    case json_node::kind::array:
      return "a list";
    case json_node::kind::object:
      return "an object";
  }
  return "a value";
}

std::string line_and_column(const std::string& text, std::size_t offset) {
  const auto before = std::string_view{text}.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start;
  return std::to_string(line) + ":" + std::to_string(column);
}

result<json_node> parse_json(const std::string& text, const std::string& source) {
  token_scan scan{text};
  if (auto refused = scan.run()) return at_place(text, source, std::move(*refused));
  node_builder builder{text, std::move(scan).take()};
  if (!nlohmann::json::sax_parse(text, &builder)) return at_place(text, source, std::move(builder.failure));
  return std::move(builder.root);
}

}  // namespace millrace::detail
