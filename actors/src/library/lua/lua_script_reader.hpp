#pragma once

#include <set>
#include <string>
#include <vector>

#include "library/lua/lua_reader.hpp"

namespace millrace::library {

/// What a script works with, as far as the topology says.
struct lua_surroundings {
  schema_ptr records;  ///< what arrives
  schema_ptr made;     ///< what may be emitted
  bool has_key = false;
};

/// Reads a script: statements, functions, the names they use. Beyond what expressions are checked for: names nobody
/// defined, fields of the event and of what is emitted, and everything that would outlast an event without being in a
/// snapshot, which is refused.
///
/// Throws `lua_problem`. Thread: one owner.
class lua_script_reader final : lua_reader {
public:
  lua_script_reader(lua_source& source, lua_surroundings around) : lua_reader{source}, around_{std::move(around)} {}

  /// A script that defines its handlers.
  void read_chunk();
  /// The body of a handler of events, in which `e` and `ctx` are known.
  void read_body();

  [[nodiscard]] bool defines(const std::string& function) const { return globals_.contains(function); }
  /// Tokens where functions begin that change locals of functions around them.
  [[nodiscard]] const std::set<std::size_t>& changing() const noexcept { return changing_; }
  /// Whether the script looks at the event only by its fields, and at which.
  [[nodiscard]] bool knows_event() const noexcept { return knows_event_; }
  [[nodiscard]] bool uses_whole_event() const noexcept { return uses_whole_event_; }
  [[nodiscard]] const std::set<std::uint32_t>& used_fields() const noexcept { return used_fields_; }

private:
  enum class role : unsigned char { plain, number, time, event, context };
  struct local {
    std::string name;
    std::size_t function;  ///< index among functions_
    role what;
  };
  struct target {
    lua_typed what;
    bool is_name = false;
  };

  void block();
  void statement();
  void local_statement();
  void function_statement();
  void if_statement();
  void for_statement();
  void assignment_or_call();
  void check_target(const target& t);
  void assign_name(std::size_t token);
  void parameters_and_body(std::size_t begin, const std::vector<role>& roles, bool is_method = false);
  void declare(std::size_t token, role what = role::plain);
  [[nodiscard]] local* find_local(std::string_view name);
  [[nodiscard]] bool is_block_end() const noexcept;
  void check_globals() const;

  lua_typed name(std::size_t token) override;
  lua_typed member(const lua_typed& of, std::size_t token) override;
  lua_typed method(const lua_typed& of, std::size_t token) override;
  lua_typed function_body() override;
  lua_typed table() override;
  lua_typed varargs() override;
  [[nodiscard]] lua_typed event_field(const lua_typed& of, std::size_t token);
  [[nodiscard]] lua_typed context_field(const lua_typed& of, std::size_t token);
  void emit_arguments();
  void emitted_fields();
  void need_key(std::size_t token) const;
  [[nodiscard]] std::vector<role> roles_of(const std::string& handler);

  lua_surroundings around_;
  std::vector<local> locals_;
  std::vector<std::size_t> functions_{0};  ///< tokens where those around this place begin; the first is the chunk
  std::set<std::string> globals_;
  std::vector<std::size_t> global_uses_;  ///< tokens
  std::set<std::string> event_additions_;
  std::set<std::size_t> changing_;
  std::set<std::uint32_t> used_fields_;
  bool uses_whole_event_ = false;
  bool knows_event_ = false;  ///< on_event was met as `function on_event(e, …)`
  bool is_body_ = false;
};

}  // namespace millrace::library
