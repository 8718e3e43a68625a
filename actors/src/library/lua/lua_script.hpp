#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "library/lua/lua_machine.hpp"
#include "library/lua/lua_script_reader.hpp"
#include "millrace/port.hpp"

namespace millrace::library {

/// What a handler asked its actor to do, once it came to its end.
struct lua_effects {
  struct deadline {
    std::optional<std::int64_t> at;  ///< none: cancelled
  };
  std::optional<deadline> timer;
  std::optional<deadline> clock_timer;
  std::optional<std::string> state;  ///< `ctx.state` as it is now, encoded; none: it was not looked at
};

/// A script at work for one actor: its handlers, and the context they get.
///
/// A handler does all or nothing: what it emits, keeps and sets takes effect when it has come to its end; one that
/// fails leaves no trace. Nothing in Lua outlasts a call but what the script made at load, which cannot change any
/// more. So the whole state of a script is in `ctx.state` and timers, and the machine can be made anew at any time, as
/// it is when a limit was hit. Thread: one owner.
class lua_script {
public:
  struct setting {
    std::string title;
    std::string text;
    bool is_body = false;  ///< the text is what happens with an event, not a script with handlers
    lua_limits limits;
    lua_surroundings around;
  };
  enum class handler : unsigned char { on_event, on_timer, on_clock };
  /// The key of the event, by parts, and what is kept of it.
  struct key_at_work {
    std::span<const std::string> names;
    std::span<const value> parts;
    std::string_view kept;
  };

  /// Reads, compiles and runs the text once. Errors name line and column.
  [[nodiscard]] static result<std::unique_ptr<lua_script>> make(setting s, out<record_view>& out);

  [[nodiscard]] bool has(handler h) const noexcept { return handlers_[static_cast<std::size_t>(h)] != LUA_NOREF; }
  /// Throws std::runtime_error that names the place.
  [[nodiscard]] const lua_effects& on_event(context& c, const record_view& record, const key_at_work& key = {});
  [[nodiscard]] const lua_effects& on_time(handler h, context& c, std::int64_t at_ns, const key_at_work& key);
  /// Puts what was emitted on its way.
  void send();

private:
  friend struct lua_context;
  struct work {
    handler what{};
    context* c = nullptr;
    const record_view* record = nullptr;
    std::int64_t at_ns = 0;
    key_at_work key;
    bool has_state = false;          ///< the table stands in the registry
    std::optional<event_time> time;  ///< of what is emitted, unless it says otherwise
  };

  lua_script(setting s, out<record_view>& out);
  void read();
  void start();
  [[nodiscard]] const lua_effects& call();
  void drop_rows();
  static int load_body(lua_State* s);
  static int call_body(lua_State* s);
  void push_event(lua_State* s) const;
  void push_key(lua_State* s) const;
  void find_handlers(lua_State* s);
  void seal(lua_State* s) const;

  setting setting_;
  out<record_view>* out_;
  std::unique_ptr<lua_source> source_;
  std::string code_;
  std::vector<std::size_t> changing_lines_;
  std::vector<std::uint32_t> fields_;  ///< of the event that the script looks at
  std::unique_ptr<lua_machine> machine_;
  int chunk_ = LUA_NOREF;
  std::array<int, 3> handlers_{LUA_NOREF, LUA_NOREF, LUA_NOREF};
  int context_ = LUA_NOREF;
  int field_names_ = LUA_NOREF;  ///< of events: a list
  int state_ = LUA_NOREF;        ///< where the table `ctx.state` stands during a call
  work work_;
  lua_effects effects_;
  std::vector<value> row_;
  std::uint32_t rows_ = 0;  ///< emitted in this call
  std::string message_;     ///< here, and not where an error of Lua would pass its destructor
};

}  // namespace millrace::library
