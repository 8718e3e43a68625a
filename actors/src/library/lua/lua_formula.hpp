#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/lua/lua_machine.hpp"
#include "library/lua/lua_reader.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// Expressions over the fields of a record: one condition, or several assignments `total = price * amount; fee:decimal
/// = total * 0.01`, each of which may use the ones before it. Fields go by their names.
///
/// Read and compiled once. Deterministic: the same record gives the same results. Thread: one owner.
class lua_formula {
public:
  struct column {
    std::string name;
    lua_typed value;
    std::optional<field_type> declared;
    std::size_t offset = 0;  ///< of the name in the text
    bool personal = false;   ///< made of fields that are
  };

  /// Errors (`parse_error`, the user's) name parameter, line and column.
  [[nodiscard]] static result<std::unique_ptr<lua_formula>> condition(const std::string& parameter,
                                                                      const std::string& text, schema_ptr records);
  [[nodiscard]] static result<std::unique_ptr<lua_formula>> single(const std::string& parameter,
                                                                   const std::string& text, schema_ptr records);
  [[nodiscard]] static result<std::unique_ptr<lua_formula>> assignments(const std::string& parameter,
                                                                        const std::string& text, schema_ptr records);

  /// One for each assignment; one without a name for a single expression.
  [[nodiscard]] const std::vector<column>& columns() const noexcept { return columns_; }
  /// The results lie at 1, 2, … of `state()` until the next run. Throws std::runtime_error that names the place.
  void run(const record_view& record);
  [[nodiscard]] lua_State* state() const noexcept { return machine_->state(); }
  [[nodiscard]] std::string describe(std::size_t offset, const std::string& text) const {
    return source_->describe({offset, text});
  }

private:
  class reader;
  struct request {
    const lua_formula& formula;
    const record_view& record;
  };

  lua_formula(const std::string& parameter, const std::string& text, schema_ptr records);
  template <class Read>
  [[nodiscard]] static result<std::unique_ptr<lua_formula>> make(const std::string& parameter, const std::string& text,
                                                                 schema_ptr records, Read read);
  void compile();
  static int body(lua_State* s);

  schema_ptr records_;
  std::unique_ptr<lua_source> source_;
  std::vector<std::uint32_t> fields_;  ///< those that are used
  std::vector<column> columns_;
  std::string code_;
  std::unique_ptr<lua_machine> machine_;
  int function_ = LUA_NOREF;
};

}  // namespace millrace::library
