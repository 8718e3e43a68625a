#include "millrace/transport/json_codec.hpp"

#include <cstdint>
#include <msgpack/null_visitor.hpp>
#include <msgpack/unpack.hpp>
#include <string>
#include <utility>
#include <vector>

#include "millrace/transport/utf8.hpp"

namespace millrace::transport {
namespace {

using nlohmann::json;

/// Builds the document while msgpack-cxx walks the bytes. The library's own object tree is not used: it takes duplicate
/// keys, any bytes as text, and its limits only count elements.
class json_builder : public msgpack::null_visitor {
public:
  explicit json_builder(const json_limits& limits) : limits_{limits} {}

  bool visit_nil() { return put(nullptr); }
  bool visit_boolean(bool v) { return put(v); }
  bool visit_positive_integer(std::uint64_t v) { return put(v); }
  bool visit_negative_integer(std::int64_t v) { return put(v); }
  bool visit_float32(float v) { return put(static_cast<double>(v)); }
  bool visit_float64(double v) { return put(v); }
  bool visit_bin(const char*, std::uint32_t) { return refuse("binary data is not allowed"); }
  bool visit_ext(const char*, std::uint32_t) { return refuse("extension types are not allowed"); }
  bool visit_str(const char* text, std::uint32_t size) {
    const std::string_view view{text, size};
    if (!is_utf8(view)) {
      return refuse("text is not UTF-8");
    }
    return is_key_next_ ? take_key(view) : put(view);
  }

  bool start_array(std::uint32_t) { return open(json::array()); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t) { return open(json::object()); }
  bool end_map() { return close(); }
  bool start_map_key() { return is_key_next_ = true; }
  bool end_map_key() {
    is_key_next_ = false;
    return true;
  }

  void parse_error(std::size_t, std::size_t at) { fail_at("is not MessagePack", at); }
  void insufficient_bytes(std::size_t, std::size_t at) { fail_at("ends in the middle of a value", at); }

  [[nodiscard]] json& root() noexcept { return root_; }
  [[nodiscard]] const std::string& what() const noexcept { return what_; }
  [[nodiscard]] errc code() const noexcept { return code_; }

private:
  template <class Value>
  bool put(Value&& v) {
    if (is_key_next_) return refuse("a key of a map is not text");
    if (!has_room()) return false;
    place(std::forward<Value>(v));
    return true;
  }

  /// A byte can stand for a value that takes sixteen times that and more.
  bool has_room() {
    if (++values_ <= limits_.values_max) return true;
    code_ = errc::limit_exceeded;
    return refuse("has more than " + std::to_string(limits_.values_max) + " values");
  }

  json* place(json v) {
    if (open_.empty()) {
      root_ = std::move(v);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(v));
      return &parent.back();
    }
    *slot_ = std::move(v);
    return slot_;
  }

  bool take_key(std::string_view key) {
    const auto [at, added] = open_.back()->get_ref<json::object_t&>().try_emplace(std::string{key});
    if (!added) {
      return refuse("key '" + std::string{key} + "' appears twice");
    }
    slot_ = &at->second;
    return true;
  }

  bool open(json container) {
    if (is_key_next_) {
      return refuse("a key of a map is not text");
    }
    if (open_.size() == limits_.depth_max) {
      code_ = errc::limit_exceeded;
      return refuse("is nested deeper than " + std::to_string(limits_.depth_max));
    }
    if (!has_room()) return false;
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool refuse(std::string what) {
    what_ = std::move(what);
    return false;
  }

  void fail_at(const char* what, std::size_t at) {
    if (what_.empty()) {
      what_ = what;
    }
    what_ += ", at byte " + std::to_string(at);
  }

  const json_limits limits_;
  std::size_t values_ = 0;
  json root_;
  std::vector<json*> open_;  // containers being filled, outermost first
  json* slot_ = nullptr;     // where the value of the key last read goes
  bool is_key_next_ = false;
  std::string what_;
  errc code_ = errc::parse_error;
};

}  // namespace

result<json> json_from_msgpack(bytes_view bytes, const json_limits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return user_error(errc::limit_exceeded, "document of " + std::to_string(bytes.size()) + " bytes, allowed are " +
                                                std::to_string(limits.bytes_max));
  }
  json_builder builder{limits};
  std::size_t offset = 0;
  const bool complete = msgpack::parse(reinterpret_cast<const char*>(bytes.data()), bytes.size(), offset, builder);
  if (!complete || !builder.what().empty()) {
    return user_error(builder.code(), "document " + builder.what());
  }
  if (offset != bytes.size()) {
    return user_error(errc::parse_error,
                      "document has " + std::to_string(bytes.size() - offset) + " bytes behind its end");
  }
  return std::move(builder.root());
}

void json_to_msgpack(const json& document, byte_buffer& out) {
  const std::vector<std::uint8_t> packed = json::to_msgpack(document);
  out.append(packed.data(), packed.size());
}

}  // namespace millrace::transport
