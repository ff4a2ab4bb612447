Attribute VB_Name = "xlwings"
Option Explicit
' A double of the launcher for tests on Linux, never shipped: the same public names, another way to start Python.

Private count As Integer
Private command As String

Public Function GetConfig(configKey As String, Optional default As String = "", Optional source As String = "") As Variant
    GetConfig = default
    If configKey = "START" Then GetConfig = "@START@"
End Function

Public Function RunPython(PythonCommand As String)
    ' Not waited for, as on Windows: LibreOffice must stay free to answer Python.
    Dim q As String
    q = Chr(34)
    count = count + 1
    command = PythonCommand
    If "@RUNNER@" = "refused" Then Err.Raise 70
    If "@RUNNER@" = "absent" Then
        RunPython = -1
        Exit Function
    End If
    If "@RUNNER@" <> "silent" Then Shell "@RUNNER@ " & q & PythonCommand & q, 0
    RunPython = 0
End Function

Public Function CanStartPython() As Boolean
    CanStartPython = True
End Function

Public Function PythonLog() As String
    PythonLog = "No module named pandas"
End Function

Public Function Started() As String
    Started = count & " " & command
End Function
