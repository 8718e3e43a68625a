#pragma once

#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace millrace::library {

/// What one call into Lua may use.
struct lua_limits {
  std::size_t memory_bytes = std::size_t{16} << 20;
  std::uint32_t instructions = 1'000'000;
};

/// What Lua has to say about a call that failed; `lua_source::explain` finds the place in it.
class lua_failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A LuaJIT state that can do nothing but compute, within limits.
///
/// The problem: text from a topology file runs in the process that holds everybody's data. The state has the names of
/// `lua_builtins` and no others, so there is nothing to reach a file, the clock or memory with. It interprets: compiled
/// loops would not be counted, and need memory that is writable and executable. Instructions are counted by a hook.
/// Memory comes from an allocator that counts; beyond the limit it makes the hook run next, which collects garbage and
/// goes on or raises the error where the script stands. What is asked for in one piece beyond four times the limit is
/// refused at once. What is allocated also counts as work, or a script could copy megabytes with every instruction.
///
/// No exception crosses a frame of Lua, and no Lua error a frame of C++ that has anything to destroy.
/// Thread: one owner.
class lua_machine {
public:
  explicit lua_machine(const lua_limits& limits);
  ~lua_machine();
  lua_machine(const lua_machine&) = delete;
  lua_machine& operator=(const lua_machine&) = delete;

  /// Compiles code; the reference stands for the function in the registry. Throws lua_failure.
  [[nodiscard]] int load(const std::string& code, const char* chunk_name);
  /// Calls `body` with `request` as light userdata; it may raise errors. Its results, `results` of them, are what is on
  /// the stack until `drop_results`. Throws lua_failure; the stack is empty then.
  void call(lua_CFunction body, void* request, int results);
  void drop_results() noexcept { lua_settop(state_.get(), 0); }
  /// As `call`, for what cannot loop: nothing is counted but memory.
  void call_uncounted(lua_CFunction body, void* request, int results);

  [[nodiscard]] lua_State* state() const noexcept { return state_.get(); }
  /// A limit was hit: the state is still sound, but holds what nobody will use again. Make another.
  [[nodiscard]] bool is_spent() const noexcept { return is_spent_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return used_; }

private:
  struct closer {
    void operator()(lua_State* s) const noexcept { lua_close(s); }
  };
  static lua_machine& of(lua_State* s) noexcept;
  static void* allocate(void* self, void* at, std::size_t old_size, std::size_t new_size) noexcept;
  static void interrupt(lua_State* s, lua_Debug* record);
  static int locate(lua_State* s);
  [[nodiscard]] const char* excess(lua_State* s);
  void hook_after(std::uint32_t instructions) noexcept;
  void begin(bool counted) noexcept;
  void run(lua_CFunction body, void* request, int results);
  [[nodiscard]] std::string take_message(int status);

  lua_limits limits_;
  std::size_t used_ = 0;
  std::uint32_t instructions_left_ = 0;
  std::size_t work_bytes_ = 0;  ///< allocated in this call
  bool is_limited_ = false;     ///< false while the sandbox is built
  bool is_interrupted_ = false;
  bool is_hooked_ = false;
  bool is_spent_ = false;
  int line_ = 0;  ///< where the last error was raised
  std::unique_ptr<lua_State, closer> state_;
  int locate_ = LUA_NOREF;
};

}  // namespace millrace::library
