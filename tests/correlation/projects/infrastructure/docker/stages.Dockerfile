FROM golang AS build
RUN go build ./...
FROM debian AS build
USER root
COPY --from=build /app /app
ADD a.txt b.txt /app/
ADD c.txt /app/
