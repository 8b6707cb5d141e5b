-- Requests as many clients send them: each with a target, a request id, a trace and a session of its own. Far more than any memory of heads has places for.
local COUNT = 8192
local requests, at = {}, 0

local function hex(digits)
  local text = {}
  for i = 1, digits do text[i] = string.format("%x", math.random(0, 15)) end
  return table.concat(text)
end

function init()
  math.randomseed(1)
  for i = 1, COUNT do
    wrk.headers["Cookie"] = "session=" .. hex(32)
    wrk.headers["X-Request-Id"] = hex(32)
    wrk.headers["traceparent"] = "00-" .. hex(32) .. "-" .. hex(16) .. "-01"
    requests[i] = wrk.format("GET", "/items/" .. i .. "?page=" .. math.random(1, 99))
  end
end

function request()
  at = at % COUNT + 1
  return requests[at]
end
