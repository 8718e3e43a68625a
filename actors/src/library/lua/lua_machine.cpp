#include "library/lua/lua_machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "library/lua/lua_sandbox.hpp"
#include "library/lua/lua_source.hpp"

namespace millrace::library {

namespace {

/// So many bytes allocated are as much work as one instruction.
constexpr std::size_t bytes_an_instruction = 64;
/// One piece of memory, in limits: what doubles (a growing table, a text joined with itself) may pass the limit before
/// the hook sees it.
constexpr std::size_t overshoot = 4;
/// Room for arguments and results: as many fields as a record may have, and some.
constexpr int stack_room = 4'000;
/// The hook looks this often, in instructions. Between two looks a function that calls itself gets this much deeper at
/// most, which fits into LuaJIT's stack: that overflows without saying where.
constexpr std::uint32_t look_every = 4'000;
constexpr int calls_max = 2'000;

}  // namespace

lua_machine::lua_machine(const lua_limits& limits) : limits_{limits}, state_{lua_newstate(&allocate, this)} {
  if (state_ == nullptr) throw std::bad_alloc{};
  auto* const s = state_.get();
  luaJIT_setmode(s, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  if (lua_cpcall(s, &open_lua_sandbox, &limits_) != 0) {
    throw std::logic_error{std::string{"the sandbox does not start: "} + lua_tostring(s, -1)};
  }
  lua_checkstack(s, stack_room);
  lua_pushcfunction(s, &locate);
  locate_ = luaL_ref(s, LUA_REGISTRYINDEX);
  is_limited_ = true;
}

lua_machine::~lua_machine() {
  is_limited_ = false;
}

lua_machine& lua_machine::of(lua_State* s) noexcept {
  void* self = nullptr;
  (void)lua_getallocf(s, &self);
  return *static_cast<lua_machine*>(self);
}

/// Called in the middle of the interpreter: decides, and leaves the error to the hook, which may raise one.
void* lua_machine::allocate(void* self, void* at, std::size_t old_size, std::size_t new_size) noexcept {
  auto& m = *static_cast<lua_machine*>(self);
  if (new_size == 0) {
    std::free(at);
    m.used_ -= old_size;
    return nullptr;
  }
  if (m.is_limited_ && new_size > old_size) {
    m.work_bytes_ += new_size - old_size;
    const auto after = m.used_ + (new_size - old_size);
    if (after > overshoot * m.limits_.memory_bytes) return nullptr;
    const bool is_over =
        after > m.limits_.memory_bytes || m.work_bytes_ / bytes_an_instruction > m.limits_.instructions;
    if (is_over && !m.is_interrupted_) {
      m.is_interrupted_ = true;
      m.hook_after(1);
    }
  }
  auto* const made = std::realloc(at, new_size);
  if (made != nullptr) m.used_ += new_size - old_size;
  return made;
}

/// What the call used too much of; nullptr: only garbage, which is gone now.
const char* lua_machine::excess(lua_State* s) {
  if (!is_interrupted_) {
    instructions_left_ -= std::min(instructions_left_, look_every);
    lua_Debug frame;
    if (lua_getstack(s, calls_max, &frame) == 1) return "calls itself more than 2000 deep";
    return instructions_left_ == 0 ? "ran for more instructions than it may" : nullptr;
  }
  is_interrupted_ = false;
  if (work_bytes_ / bytes_an_instruction > limits_.instructions) return "did more work than it may";
  lua_gc(s, LUA_GCCOLLECT, 0);
  work_bytes_ += used_;
  return used_ > limits_.memory_bytes / 4 * 3 ? "keeps more memory than it may" : nullptr;
}

void lua_machine::interrupt(lua_State* s, lua_Debug*) {
  auto& m = of(s);
  const char* const what = m.excess(s);
  m.hook_after(std::clamp(m.instructions_left_, 1U, look_every));
  if (what == nullptr) return;
  m.is_spent_ = true;
  lua_pushfstring(s, "%s (limits: %d instructions, %d KiB)", what, static_cast<int>(m.limits_.instructions),
                  static_cast<int>(m.limits_.memory_bytes >> 10));
  lua_error(s);
}

/// The message handler of every call: looks for the innermost line of the user's text while it is still on the stack.
int lua_machine::locate(lua_State* s) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(s, level, &frame) == 1; ++level) {
    if (lua_getinfo(s, "Sl", &frame) == 0 || std::strcmp(frame.source, lua_source::chunk_name) != 0) continue;
    of(s).line_ = frame.currentline;
    break;
  }
  return 1;
}

/// 0: never.
void lua_machine::hook_after(std::uint32_t instructions) noexcept {
  is_hooked_ = instructions != 0;
  lua_sethook(state_.get(), is_hooked_ ? &interrupt : nullptr, is_hooked_ ? LUA_MASKCOUNT : 0,
              static_cast<int>(instructions));
}

void lua_machine::begin(bool counted) noexcept {
  work_bytes_ = 0;
  line_ = 0;
  is_interrupted_ = false;
  if (counted) {
    instructions_left_ = limits_.instructions;
    hook_after(std::min(instructions_left_, look_every));
  } else if (is_hooked_) {
    hook_after(0);
  }
}

void lua_machine::run(lua_CFunction body, void* request, int results) {
  auto* const s = state_.get();
  lua_settop(s, 0);
  lua_rawgeti(s, LUA_REGISTRYINDEX, locate_);
  lua_pushcfunction(s, body);
  lua_pushlightuserdata(s, request);
  const int status = lua_pcall(s, 1, results, 1);
  if (status == 0) {
    lua_remove(s, 1);
    return;
  }
  auto message = take_message(status);
  lua_settop(s, 0);
  throw lua_failure{std::move(message)};
}

void lua_machine::call(lua_CFunction body, void* request, int results) {
  begin(true);
  run(body, request, results);
}

void lua_machine::call_uncounted(lua_CFunction body, void* request, int results) {
  begin(false);
  run(body, request, results);
}

/// "lua:<line>: text", whoever raised it.
std::string lua_machine::take_message(int status) {
  auto* const s = state_.get();
  if (status == LUA_ERRMEM) {
    is_spent_ = true;
    return "asked for more memory than it may have (" + std::to_string(limits_.memory_bytes >> 10) + " KiB)";
  }
  if (status == LUA_ERRERR) is_spent_ = true;
  if (lua_type(s, -1) != LUA_TSTRING) return "an error that is no text was raised";
  std::size_t size = 0;
  const char* const text = lua_tolstring(s, -1, &size);
  std::string message{text, size};
  constexpr std::string_view lua_name = "userdata";  // which says nothing to those who write scripts
  if (const auto at = message.find(lua_name); at != std::string::npos) {
    message.replace(at, lua_name.size(), "time or large integer");
  }
  if (line_ == 0) return message;
  for (const auto* chunk : {"lua:", "sandbox:"}) {
    if (!message.starts_with(chunk)) continue;
    const auto end = message.find(": ");
    if (end != std::string::npos) message.erase(0, end + 2);
  }
  return "lua:" + std::to_string(line_) + ": " + message;
}

namespace {

struct loading {
  const std::string& code;
  const char* chunk_name;
  int reference = LUA_NOREF;
};

int load_body(lua_State* s) {
  auto& l = *static_cast<loading*>(lua_touserdata(s, 1));
  if (luaL_loadbufferx(s, l.code.data(), l.code.size(), l.chunk_name, "t") != 0) return lua_error(s);
  push_lua_globals(s);
  lua_setfenv(s, -2);
  l.reference = luaL_ref(s, LUA_REGISTRYINDEX);
  return 0;
}

}  // namespace

int lua_machine::load(const std::string& code, const char* chunk_name) {
  loading l{code, chunk_name};
  call(&load_body, &l, 0);
  return l.reference;
}

}  // namespace millrace::library
