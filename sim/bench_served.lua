-- What wrk sends: an invoice under a fresh Idempotency-Key, then an earlier one is looked up by its source, and so on.
--
-- Arguments after `--`: token, round, business unit, order. An invoice is looked up `LAG` posts after its own, which is more
-- than there are connections, so that it has been answered by then. The first request of all is only looked at by wrk, never sent.

local LAG = 64
local PATH = "/cloud_erp/invoices"
local posting, posts, prefix = true, 0, ""
local get_headers, post_headers = {}, {}
local body

function init(args)
  local token, round, entity, order = args[1], args[2], args[3], args[4]
  prefix = "bench:" .. round .. "-"
  get_headers = { ["Authorization"] = "Bearer " .. token }
  post_headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  body = '{"SourceRef":"%s","InvoiceNumber":"%s","BusinessUnit":"' .. entity .. '","Supplier":"S-1","OrderNumber":"' .. order
    .. '","InvoiceDate":"2026-10-05","AccountingDate":"2026-10-05","Currency":"USD","InvoiceAmount":"125.50","Lines":['
    .. '{"Line":1,"Quantity":10,"UnitPrice":"10.00","Amount":"100.00"},'
    .. '{"Line":2,"Quantity":3,"UnitPrice":"8.50","Amount":"25.50"}]}'
end

function request()
  if posting then
    posting, posts = false, posts + 1
    local source = prefix .. posts
    post_headers["Idempotency-Key"] = source
    return wrk.format("POST", PATH, post_headers, string.format(body, source, source))
  end
  posting = true
  return wrk.format("GET", PATH .. "?SourceRef=" .. prefix .. math.max(2, posts - LAG), get_headers)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"took_us":%d,"failed":%d,"p99_us":%d}\n', summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, latency:percentile(99)))
end
