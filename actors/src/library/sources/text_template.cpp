#include "library/sources/text_template.hpp"

#include <charconv>
#include <optional>

#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

constexpr std::uint64_t characters_max = 10'000;

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t n = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return n;
}

error wrong(const std::string& what) {
  return user_error(errc::invalid_argument, what);
}

}  // namespace

result<text_template::part> text_template::parse_place(std::string_view name, std::string_view argument) {
  using kind = part::kind;
  if (name == "key") return part{kind::key};
  if (name == "value") return part{kind::value};
  if (name == "number") return part{kind::number};
  if (name == "choice") {
    auto choices = split_list(argument, ',');
    if (choices.empty()) return wrong("{choice} needs texts: {choice:new,paid,sent}");
    return part{.what = kind::choice, .choices = std::move(choices)};
  }
  if (name == "int") {
    const auto dash = argument.find('-', 1);  // the first may be a sign
    const auto low = integer(argument.substr(0, dash));
    const auto high = dash == std::string_view::npos ? std::nullopt : integer(argument.substr(dash + 1));
    if (!low || !high || *high < *low) return wrong("{int} needs two whole numbers, the smaller one first: {int:1-90}");
    const auto span = static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
    if (span == UINT64_MAX) return wrong("{int}: the range is too wide");
    return part{.what = kind::integer, .from = *low, .count = span + 1};
  }
  std::string characters;
  if (name == "letters") characters = "abcdefghijklmnopqrstuvwxyz";
  if (name == "digits") characters = "0123456789";
  if (name == "hex") characters = "0123456789abcdef";
  if (characters.empty()) {
    return wrong("there is no {" + std::string{name} +
                 "}; there are {key}, {value}, {number}, {choice:a,b}, {int:1-9}, {letters:8}, {digits:4}, {hex:16}");
  }
  const auto count = integer(argument);
  if (!count || *count < 1 || static_cast<std::uint64_t>(*count) > characters_max) {
    return wrong("{" + std::string{name} + "} needs how many, from 1 to " + std::to_string(characters_max) + ": {" +
                 std::string{name} + ":8}");
  }
  return part{.what = kind::characters, .text = std::move(characters), .count = static_cast<std::uint64_t>(*count)};
}

result<text_template> text_template::parse(std::string_view text) {
  text_template t;
  std::string plain;
  const auto end_plain = [&] {
    if (!plain.empty()) t.parts_.push_back({.text = std::exchange(plain, {})});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "{{" || text.substr(i, 2) == "}}") {
      plain += text[i++];
    } else if (text[i] != '{') {
      plain += text[i];
    } else {
      const auto close = text.find('}', i);
      if (close == std::string_view::npos) return wrong("column " + std::to_string(i + 1) + ": the { is not closed");
      const auto place = text.substr(i + 1, close - i - 1);
      const auto colon = place.find(':');
      auto read = parse_place(place.substr(0, colon), colon == std::string_view::npos ? "" : place.substr(colon + 1));
      if (!read) return wrong("column " + std::to_string(i + 1) + ": " + read.error().message);
      end_plain();
      t.parts_.push_back(std::move(*read));
      i = close;
    }
  }
  end_plain();
  return t;
}

void text_template::append(std::string& out, random_source& random, const event& e) const {
  for (const auto& p : parts_) {
    switch (p.what) {
      case part::kind::text:
        out += p.text;
        break;
      case part::kind::key:
        out += e.key;
        break;
      case part::kind::value:
        append_text(out, {.kind = field_kind::float64}, value::of(e.value), time_format::iso);
        break;
      case part::kind::number:
        out += std::to_string(e.number);
        break;
      case part::kind::choice:
        out += p.choices[random.below(p.choices.size())];
        break;
      case part::kind::integer:
        out += std::to_string(static_cast<std::int64_t>(static_cast<std::uint64_t>(p.from) + random.below(p.count)));
        break;
      case part::kind::characters:
        for (std::uint64_t i = 0; i < p.count; ++i) out += p.text[random.below(p.text.size())];
        break;
    }
  }
}

}  // namespace millrace::library
