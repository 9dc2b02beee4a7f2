package content

// TellUsage tells what Run tells.
var TellUsage = (*Store).tellUsage
