// What is run on the files of fanotify-etc.txt.
rule localhost : names machine {
  strings:
    $address = "127.0.0.1"
    $name = /local[a-z]+/
  condition:
    all of them
}

rule small : machine {
  condition:
    filesize < 4KB
}

rule nothing {
  strings:
    $a = "nowhere to be found"
  condition:
    $a
}
