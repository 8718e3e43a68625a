#include "error_words.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::transport {
namespace {

constexpr std::array<std::pair<errc, std::string_view>, 19> codes{{{errc::invalid_argument, "invalid_argument"},
                                                                   {errc::invalid_topology, "invalid_topology"},
                                                                   {errc::parse_error, "parse_error"},
                                                                   {errc::schema_mismatch, "schema_mismatch"},
                                                                   {errc::not_found, "not_found"},
                                                                   {errc::already_exists, "already_exists"},
                                                                   {errc::in_use, "in_use"},
                                                                   {errc::io_error, "io_error"},
                                                                   {errc::disk_full, "disk_full"},
                                                                   {errc::read_only, "read_only"},
                                                                   {errc::corrupt, "corrupt"},
                                                                   {errc::truncated, "truncated"},
                                                                   {errc::unavailable, "unavailable"},
                                                                   {errc::timeout, "timeout"},
                                                                   {errc::fenced, "fenced"},
                                                                   {errc::limit_exceeded, "limit_exceeded"},
                                                                   {errc::cancelled, "cancelled"},
                                                                   {errc::denied, "denied"},
                                                                   {errc::failed, "failed"}}};
static_assert(codes.size() == static_cast<std::size_t>(errc::failed) + 1, "every error code needs a word");

constexpr std::array<std::pair<error_class, std::string_view>, 3> classes{
    {{error_class::retryable, "retryable"}, {error_class::fatal, "fatal"}, {error_class::user, "user"}}};

template <class Table, class Value>
std::string word_of(const Table& table, Value value, std::string_view otherwise) {
  for (const auto& [known, word] : table) {
    if (known == value) return std::string{word};
  }
  return std::string{otherwise};
}

template <class Table, class Value>
Value value_of(const Table& table, const nlohmann::json& document, const char* key, Value otherwise) {
  const auto at = document.find(key);
  if (at == document.end() || !at->is_string()) return otherwise;
  for (const auto& [value, word] : table) {
    if (word == at->template get_ref<const std::string&>()) return value;
  }
  return otherwise;
}

}  // namespace

nlohmann::json error_to_json(const error& e) {
  return {
      {"code", word_of(codes, e.code, "failed")}, {"class", word_of(classes, e.kind, "fatal")}, {"message", e.message}};
}

error error_from_json(const nlohmann::json& document) {
  if (!document.is_object()) {
    return fatal_error(errc::failed, "the server sent an error without a description");
  }
  const auto message = document.find("message");
  return {value_of(codes, document, "code", errc::failed), value_of(classes, document, "class", error_class::fatal),
          message != document.end() && message->is_string() ? message->get<std::string>() : std::string{}};
}

}  // namespace millrace::transport
