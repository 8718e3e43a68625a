#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace millrace {

/// What went wrong. Callers switch on this, never on the message.
enum class errc {
  invalid_argument,  ///< a parameter, flag or name is wrong
  invalid_topology,  ///< a topology does not validate
  parse_error,       ///< text or bytes do not follow their format
  schema_mismatch,   ///< two schemas do not fit together
  not_found,         ///< the thing named does not exist
  already_exists,    ///< the thing to create is there
  in_use,            ///< another process owns the resource
  io_error,          ///< the operating system refused a read or write
  disk_full,         ///< no room to write
  read_only,         ///< the place may not be written
  corrupt,           ///< stored bytes fail their checksum or make no sense
  truncated,         ///< asked for something older than what is kept
  unavailable,       ///< not now: nothing was applied, try again
  timeout,           ///< a deadline passed
  fenced,            ///< a newer incarnation took over: stop at once
  limit_exceeded,    ///< a bound would be passed
  cancelled,         ///< stopped on request
  denied,            ///< the caller's key or role does not allow it
  failed,            ///< an actor or a part of the program failed
};

/// Who can do something about it.
enum class error_class {
  retryable,  ///< the same call may work later
  fatal,      ///< stop; a person has to look
  user,       ///< the input was wrong; say where and how to mend it
};

/// An expected failure: a code, a class, and a sentence that says what is wrong, where, and what to do next.
struct error {
  errc code{};
  error_class kind = error_class::fatal;
  std::string message;
};

[[nodiscard]] const char* to_string(errc code) noexcept;

[[nodiscard]] inline error user_error(errc code, std::string message) {
  return {code, error_class::user, std::move(message)};
}
[[nodiscard]] inline error fatal_error(errc code, std::string message) {
  return {code, error_class::fatal, std::move(message)};
}
[[nodiscard]] inline error retryable_error(errc code, std::string message) {
  return {code, error_class::retryable, std::move(message)};
}

/// Either a value or an `error`; what crosses module boundaries instead of exceptions.
///
/// Thread: as the value. Accessing the side that is not there is a broken invariant and asserts.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : storage_{std::in_place_index<0>, std::move(value)} {}        // NOLINT: implicit by intent
  result(millrace::error e) : storage_{std::in_place_index<1>, std::move(e)} {}  // NOLINT: implicit by intent

  [[nodiscard]] bool has_value() const noexcept { return storage_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return std::get<0>(storage_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(storage_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(storage_)); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  [[nodiscard]] const millrace::error& error() const& { return std::get<1>(storage_); }
  [[nodiscard]] millrace::error&& error() && { return std::get<1>(std::move(storage_)); }

private:
  std::variant<T, millrace::error> storage_;
};

template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(millrace::error e) : storage_{std::move(e)} {}  // NOLINT: implicit by intent

  [[nodiscard]] bool has_value() const noexcept { return storage_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] const millrace::error& error() const& { return std::get<1>(storage_); }
  [[nodiscard]] millrace::error&& error() && { return std::get<1>(std::move(storage_)); }

private:
  std::variant<std::monostate, millrace::error> storage_;
};

}  // namespace millrace
