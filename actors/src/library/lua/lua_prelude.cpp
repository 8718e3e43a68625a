#include "library/lua/lua_prelude.hpp"

namespace millrace::library {

// Loops are in Lua where a script decides how long they take, so that they are counted.
const std::string_view lua_prelude = R"lua(
local host = ...
local error, next, select, setmetatable, unpack = error, next, select, setmetatable, unpack
local raw_type, raw_tonumber, raw_ipairs = type, tonumber, ipairs
local find, sub, byte, rep, format, gsub = string.find, string.sub, string.byte, string.rep, string.format, string.gsub
local sort, concat, floor = table.sort, table.concat, math.floor

local globals = {}
local sealed = {}  -- tables made at load, and what they hold

local function want(kind, v, what)
  if raw_type(v) ~= kind then
    error(what .. " takes a " .. kind .. ", not " .. host.type(v), 0)
  end
end

local function writable(t, what)
  want("table", t, what)
  if sealed[t] then error("this table was made at load and cannot change; what lasts belongs into ctx.state", 0) end
  return t
end

local function content(t, what)
  want("table", t, what)
  return sealed[t] or t
end

function globals.__length(v)
  local t = raw_type(v)
  if t ~= "string" and t ~= "table" then error("attempt to get the length of " .. host.type(v), 0) end
  return #(sealed[v] or v)
end

globals.assert = assert
globals.error = error
globals.select = select
globals.type = host.type
globals.tostring = host.tostring
globals.time = host.time

function globals.tonumber(v, base)
  if raw_type(v) == "userdata" then return host.tonumber(v) end
  return raw_tonumber(v, base)
end

function globals.unpack(t, i, j)
  t = content(t, "unpack")
  return unpack(t, i or 1, j or #t)
end

function globals.ipairs(t)
  return raw_ipairs(content(t, "ipairs"))
end

-- By key: numbers, then texts, then booleans. Lua's own order depends on addresses and a seed.
function globals.pairs(t)
  local from = content(t, "pairs")
  local numbers, texts, others = {}, {}, {}
  for k in next, from do
    local kind = raw_type(k)
    if kind == "number" then
      numbers[#numbers + 1] = k
    elseif kind == "string" then
      texts[#texts + 1] = k
    elseif kind ~= "boolean" then
      error("pairs takes tables whose keys are numbers, texts and booleans, not " .. host.type(k), 0)
    end
  end
  sort(numbers)
  sort(texts)
  local n = #numbers
  for i = 1, #texts do numbers[n + i] = texts[i] end
  n = n + #texts
  if from[false] ~= nil then n = n + 1; numbers[n] = false end
  if from[true] ~= nil then n = n + 1; numbers[n] = true end
  local i = 0
  return function()
    while i < n do
      i = i + 1
      local k = numbers[i]
      local v = from[k]
      if v ~= nil then return k, v end
    end
  end
end

local texts = {
  byte = byte, char = string.char, len = string.len, lower = string.lower, reverse = string.reverse, sub = sub,
  upper = string.upper,
}

function texts.find(s, text, init)
  return find(s, text, init or 1, true)
end
function texts.contains(s, text)
  return find(s, text, 1, true) ~= nil
end
function texts.starts_with(s, text)
  want("string", text, "starts_with")
  return sub(s, 1, #text) == text
end
function texts.ends_with(s, text)
  want("string", text, "ends_with")
  return text == "" or sub(s, -#text) == text
end

function texts.trim(s)
  want("string", s, "trim")
  local from, to = 1, #s
  local function is_space(i)
    local b = byte(s, i)
    return b == 32 or (b >= 9 and b <= 13)
  end
  while from <= to and is_space(from) do from = from + 1 end
  while to >= from and is_space(to) do to = to - 1 end
  return sub(s, from, to)
end

function texts.split(s, separator)
  want("string", s, "split")
  want("string", separator, "split")
  if separator == "" then error("split needs a separator", 0) end
  local parts, from = {}, 1
  while true do
    local at, last = find(s, separator, from, true)
    if not at then break end
    parts[#parts + 1] = sub(s, from, at - 1)
    from = last + 1
  end
  parts[#parts + 1] = sub(s, from)
  return parts
end

function texts.rep(s, n, separator)
  want("number", n, "rep")
  if (#s + #(separator or "")) * n > host.memory_bytes then
    error("rep would make more text than there may be memory", 0)
  end
  return rep(s, n, separator)
end

function texts.format(f, ...)
  if find(gsub(f, "%%%%", ""), "%%[-+ #0-9.]*p") then error("format has no %p", 0) end
  local n = select("#", ...)
  local given = {...}
  for i = 1, n do
    local kind = raw_type(given[i])
    if kind == "table" or kind == "function" then error("format takes no " .. kind, 0) end
    if kind == "userdata" then given[i] = host.tostring(given[i]) end
  end
  return format(f, unpack(given, 1, n))
end

local tables = {}
function tables.insert(t, at, ...)
  local n = #writable(t, "insert")
  if select("#", ...) == 0 then
    t[n + 1] = at
    return
  end
  want("number", at, "insert")
  if at < 1 or at > n + 1 or at ~= floor(at) then error("insert: there is no position " .. at, 0) end
  for i = n, at, -1 do t[i + 1] = t[i] end
  t[at] = (...)
end
function tables.remove(t, at)
  local n = #writable(t, "remove")
  if n == 0 then return nil end
  at = at or n
  want("number", at, "remove")
  if at < 1 or at > n or at ~= floor(at) then error("remove: there is no position " .. at, 0) end
  local taken = t[at]
  for i = at, n do t[i] = t[i + 1] end
  return taken
end
function tables.sort(t, is_before)
  if is_before ~= nil then want("function", is_before, "sort") end
  sort(writable(t, "sort"), is_before)
end
function tables.concat(t, separator, i, j)
  return concat(content(t, "concat"), separator, i, j)
end

local numbers = {}
for _, name in raw_ipairs{"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod",
    "huge", "log", "log10", "max", "min", "modf", "pi", "pow", "rad", "sin", "sinh", "sqrt", "tan", "tanh"} do
  numbers[name] = math[name]
end

local own = {}
local function library(name, held)
  local shown = setmetatable({}, {
    __index = held,
    __newindex = function() error(name .. " cannot change", 0) end,
  })
  own[shown] = true
  globals[name] = shown
end
library("math", numbers)
library("string", texts)
library("table", tables)

globals.microsecond = 1e3
globals.millisecond = 1e6
globals.second = 1e9
globals.minute = 60e9
globals.hour = 3600e9
globals.day = 86400e9
own[globals] = true

local seen = {}
local function seal(v, changing)
  local kind = raw_type(v)
  if kind == "function" and not seen[v] then
    seen[v] = true
    local line = host.line(v)
    if not line then return end
    if changing[line] then
      error("lua:" .. line .. ": this function lasts and changes a local outside of it: that would be lost in a " ..
            "recovery; what lasts belongs into ctx.state", 0)
    end
    local i = 1
    while true do
      local there, held = host.upvalue(v, i)
      if not there then break end
      seal(held, changing)
      i = i + 1
    end
  elseif kind == "table" and not sealed[v] and not own[v] then
    local held = {}
    for k, x in next, v do held[k] = x end
    for k in next, held do v[k] = nil end
    sealed[v] = held
    setmetatable(v, {
      __index = held,
      __newindex = function()
        error("this table was made at load and cannot change; what lasts belongs into ctx.state", 0)
      end,
    })
    for k, x in next, held do
      seal(k, changing)
      seal(x, changing)
    end
  end
end

local function seal_all(changing)
  for _, v in next, globals do seal(v, changing) end
end
return globals, seal_all, texts
)lua";

}  // namespace millrace::library
