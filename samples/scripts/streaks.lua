-- High readings of a key that follow each other: a row for each such streak of at least `least`, when it has ended or
-- when nothing came for a while.
local least = 5
local pause = 10 * second

local function finish(s, key, at, ctx)
  if s.length and s.length >= least then
    ctx:emit{key = key, length = s.length, mean = s.sum / s.length, at = at}
  end
  ctx.state = nil
end

function on_event(e, ctx)
  local s = ctx.state
  if not e.is_high then
    finish(s, e.key, e.at, ctx)
    ctx:cancel_timer()
    return
  end
  s.length = (s.length or 0) + 1
  s.sum = (s.sum or 0) + e.percent
  ctx:set_timer(e.at + pause)
end

function on_timer(key, at, ctx)
  finish(ctx.state, key, at, ctx)
end
