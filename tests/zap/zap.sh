#!/bin/sh
# Starts ZAP, as the zap.sh of a released ZAP does: -Xmx... among the arguments goes to Java, the rest to ZAP.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
memory=-Xmx512m
for argument do
  shift
  case $argument in
    -Xmx*) memory=$argument ;;
    *) set -- "$@" "$argument" ;;
  esac
done
# One collector thread and no optimising compiler: starts sooner, in less memory, and scans of tests are short.
exec java "$memory" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
  -cp "$here/zap-2.17.0.jar:$here/lib/*" org.zaproxy.zap.ZAP -installdir "$here" "$@"
