import DOMPurify from "dompurify";

function show(element) {
  // ruleid: javascript-dom-xss
  element.innerHTML = location.hash.slice(1);
  const query = new URLSearchParams(window.location.search);
  // ruleid: javascript-dom-xss
  document.write("<p>" + query.get("q"));
  // ok: javascript-dom-xss
  element.textContent = location.hash;
  // ok: javascript-dom-xss
  element.innerHTML = DOMPurify.sanitize(location.hash);
  // ok: javascript-dom-xss
  element.innerHTML = "<p>Hello</p>";
}

function Comment({ comment }) {
  // ruleid: javascript-react-unescaped-html
  return <div className="comment" dangerouslySetInnerHTML={{ __html: comment.html }} />;
}

function SafeComment({ comment }) {
  // ok: javascript-react-unescaped-html
  return <div dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(comment.html) }} />;
}

function PlainComment({ comment }) {
  // ok: javascript-react-unescaped-html
  return <div>{comment.text}</div>;
}

function tell(message) {
  // ruleid: javascript-postmessage-any-origin
  window.parent.postMessage(message, "*");
  // ok: javascript-postmessage-any-origin
  window.parent.postMessage(message, "https://app.example.com");
}
