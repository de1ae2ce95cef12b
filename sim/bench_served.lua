-- What wrk sends: an invoice under a fresh Idempotency-Key, then an earlier one is looked up by its source, and so on.
--
-- Arguments after `--`: token, round, business unit, order. An invoice is looked up `LAG` posts after its own, which is more
-- than there are connections, so that it has been answered by then. The first request of all is only looked at by wrk,
-- never sent. Requests are put together by hand: `wrk.format` would make wrk slower than what it measures.

local LAG = 64
local posting, posts = true, 0
local prefix, post_head, get_head, body_length, body_rest

function init(args)
  local token, round, entity, order = args[1], args[2], args[3], args[4]
  local common = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\nAuthorization: Bearer " .. token .. "\r\n"
  prefix = "bench:" .. round .. "-"
  get_head = common .. "\r\n"
  post_head = "POST /cloud_erp/invoices" .. common .. "Content-Type: application/json\r\nIdempotency-Key: "
  body_rest = '","BusinessUnit":"' .. entity .. '","Supplier":"S-1","OrderNumber":"' .. order
    .. '","InvoiceDate":"2026-10-05","AccountingDate":"2026-10-05","Currency":"USD","InvoiceAmount":"125.50","Lines":['
    .. '{"Line":1,"Quantity":10,"UnitPrice":"10.00","Amount":"100.00"},'
    .. '{"Line":2,"Quantity":3,"UnitPrice":"8.50","Amount":"25.50"}]}'
  body_length = #'{"SourceRef":"' + #'","InvoiceNumber":"' + #body_rest
end

function request()
  posting = not posting
  if posting then
    return "GET /cloud_erp/invoices?SourceRef=" .. prefix .. math.max(2, posts - LAG) .. get_head
  end
  posts = posts + 1
  local source = prefix .. posts
  return post_head .. source .. "\r\nContent-Length: " .. body_length + 2 * #source .. '\r\n\r\n{"SourceRef":"' .. source
    .. '","InvoiceNumber":"' .. source .. body_rest
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"took_us":%d,"failed":%d}\n', summary.requests, summary.duration, failed))
end
